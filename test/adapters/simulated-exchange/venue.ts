/** A simulated exchange with its agenda in miniature: market records go in, reports come out as short lines. */
import {
  type ExchangeJson,
  type ExchangeOptions,
  SimulatedExchange,
} from '../../../src/adapters/simulated-exchange/simulated-exchange.ts';
import { type Config, configSchema } from '../../../src/domain/config.ts';
import { tradingSession } from '../../../src/domain/exchange-calendar.ts';
import type { SubmitAttempted } from '../../../src/events/order.events.ts';
import { DAY_S, Tick, TickKind } from '../../../src/events/tick.ts';

export const MINUTE = 60_000_000;
const DOLLAR = 1_000_000;

export interface VenueOptions extends Partial<Omit<ExchangeOptions, 'configOf' | 'cashMicros'>> {
  readonly config?: Partial<Config['exchange']>;
  readonly cash?: number;
  readonly carried?: ExchangeJson;
}

type Terms = Partial<Omit<SubmitAttempted, 'size'>> & {
  readonly quantity?: number;
  readonly fraction?: number;
};

export interface Bar {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume?: number;
}

export class Venue {
  readonly exchange: SimulatedExchange;
  /** What the engine does in answer to the next market record, before the venue matches it. */
  answer: (() => void) | null = null;
  /** Reports delivered so far: `12 filled 10 @ 100.5 fee 0` with the delivery time in front. */
  readonly heard: string[] = [];
  readonly reports: {
    at: number;
    time: number;
    type: string;
    ordinal: number;
    payload: Record<string, never>;
  }[] = [];
  #ordinal = 0;

  constructor({ config, cash, carried, ...options }: VenueOptions = {}) {
    const exchangeConfig = configSchema.parse({ exchange: config ?? {} }).exchange;
    this.exchange = new SimulatedExchange(
      {
        execution: 'next-open',
        commission: { kind: 'none' },
        seed: 1,
        allowShort: false,
        cashMicros: (cash ?? 100_000) * DOLLAR,
        configOf: () => exchangeConfig,
        multiplierOf: () => 1,
        ...options,
      },
      carried,
    );
  }

  /** Sends a market order to buy 10 ABC but for what is said; returns its ordinal. */
  send(at: number, terms: Terms = {}): number {
    const { quantity = 10, fraction, ...rest } = terms;
    this.#ordinal = rest.ordinal ?? this.#ordinal + 1;
    this.exchange.submit(
      {
        symbol: 'ABC',
        side: 'buy',
        orderType: rest.limitPx ? 'limit' : rest.stopPx ? 'stop' : 'market',
        limitPx: null,
        stopPx: null,
        timeInForce: 'gtc',
        size: fraction === undefined ? { kind: 'quantity', quantity } : { kind: 'fraction', fraction },
        ...rest,
        ordinal: this.#ordinal,
      },
      at,
    );
    return this.#ordinal;
  }

  /** A one-minute bar that ends at `end`. */
  bar(end: number, { open, high, low, close, volume = 0 }: Bar, symbol = 'ABC', resolutionS = 60): this {
    return this.#record(
      { kind: TickKind.bar, time: end, open, high, low, close, volume, resolutionS },
      symbol,
    );
  }
  print(time: number, px: number, symbol = 'ABC'): this {
    return this.#record({ kind: TickKind.openPrint, time, px }, symbol);
  }
  quote(time: number, bidPx: number, askPx: number, bidSize = 0, askSize = 0, symbol = 'ABC'): this {
    return this.#record({ kind: TickKind.quote, time, bidPx, askPx, bidSize, askSize }, symbol);
  }
  trade(time: number, px: number, size = 0, symbol = 'ABC'): this {
    return this.#record({ kind: TickKind.trade, time, px, size }, symbol);
  }

  /** A trading day of ABC in daily bars; `atOpen` is what the engine sends when the market has opened. */
  day(day: string, { open, high, low, close }: Bar, atOpen: (at: number) => void = () => {}): this {
    const session = tradingSession('XNYS', day)!;
    this.print(session.open, open);
    this.exchange.opened(session.open, ['ABC']);
    this.deliver(session.open);
    atOpen(session.open);
    this.deliver(session.open);
    this.bar(session.close, { open, high, low, close }, 'ABC', DAY_S);
    this.exchange.closed(['ABC'], session.close);
    return this.deliver(session.close);
  }

  get cash(): number {
    return this.exchange.toJSON().account.cashMicros / DOLLAR;
  }
  /** Symbols held, with their quantities. */
  get holdings(): Record<string, number> {
    const held = this.exchange.toJSON().account.books.filter(({ quantity }) => quantity !== 0);
    return Object.fromEntries(held.map(({ symbol, quantity }) => [symbol, quantity]));
  }

  /** Delivers every report that is due by `until`. */
  deliver(until = Number.MAX_SAFE_INTEGER): this {
    while (this.exchange.nextAt() <= until) {
      const { at, time, ordinal: answered, input } = this.exchange.take();
      const ordinal = answered ?? 0;
      const payload = input.payload as Record<string, never>;
      this.reports.push({ at, time, type: input.type, ordinal, payload });
      this.heard.push(`${at / MINUTE} ${line(input.type, ordinal, payload)}`);
    }
    return this;
  }

  /** All reports but acceptances, delivered to the end. */
  get news(): string[] {
    return this.deliver().heard.filter((each) => !each.endsWith('accepted'));
  }

  #record(fields: Partial<Tick>, symbol: string): this {
    const tick = Object.assign(new Tick(), { recordedAt: fields.time }, fields);
    this.exchange.before(tick, symbol);
    this.deliver(tick.recordedAt);
    this.answer?.();
    this.answer = null;
    this.exchange.after(tick, symbol);
    return this;
  }
}

function line(type: string, ordinal: number, payload: Record<string, unknown>): string {
  const verb = `#${ordinal} ${type.replace('Order', '').toLowerCase()}`;
  if (type === 'OptionSettled') {
    const { how, quantity, symbol, optionPx, shares } = payload;
    return `${symbol} ${how} ${quantity} @ ${optionPx} shares ${shares}`;
  }
  if (type === 'OrderFilled') {
    const fee = payload.feeMicros === 0 ? '' : ` fee ${Number(payload.feeMicros) / DOLLAR}`;
    const leaves = payload.leavesQty === 0 ? '' : ` leaves ${payload.leavesQty}`;
    return `${verb} ${payload.lastQty} @ ${payload.lastPx}${fee}${leaves}`;
  }
  return 'reason' in payload ? `${verb}: ${payload.reason}` : verb;
}
