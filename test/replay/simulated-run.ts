/**
 * A run without the engine: a small simulation of a moving-average cross that feeds a projection the events a backtest
 * would write. It knows nothing of the metrics, so the formulas are proved independently of the engine.
 */
import { readFileSync } from 'node:fs';
import { configSchema, type RunSpec, runSpecSchema } from '../../src/domain/config.ts';
import { toMicros } from '../../src/domain/money.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { DAY_S, Tick, TickKind } from '../../src/events/tick.ts';
import { RunProjection } from '../../src/projections/run-projection.ts';

export interface Bar {
  readonly day: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

export function readBars(file: URL | string): Bar[] {
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [day, open, high, low, close] = line.split(',');
    return { day, open: Number(open), high: Number(high), low: Number(low), close: Number(close) };
  });
}

export const plainSpec = (over: Partial<RunSpec> = {}): RunSpec =>
  runSpecSchema.parse({
    profile: 'plain',
    strategy: { name: 'sma-cross', file: null, sha256: null, params: { fast: 20, slow: 100 } },
    config: configSchema.parse({}),
    seed: 1,
    cash: 100_000,
    benchmark: null,
    sizing: { kind: 'fixed', quantity: 10 },
    execution: 'next-open',
    commission: { kind: 'none' },
    instruments: 'equity',
    hedge: false,
    risk: false,
    exits: false,
    roll: 'none',
    finalize: true,
    allowShort: false,
    reverse: false,
    core: [],
    tradeFrom: null,
    ...over,
  });

/** Writes events into a projection, numbering them as a kernel would. */
export class Feeder {
  readonly projection = new RunProjection();
  readonly #tick = new Tick();
  #seq = 0;
  #ordinal = 0;
  #now = 0;

  at(time: number): this {
    this.#now = time;
    return this;
  }

  get seq(): number {
    return this.#seq;
  }

  event(kind: 'input' | 'decision', type: string, payload: unknown, causation: number | null = null): void {
    const event: StoredEvent = {
      seq: ++this.#seq,
      kind,
      type,
      version: 1,
      time: this.#now,
      recordedAt: this.#now,
      source: kind === 'input' ? 'test' : 'core',
      causation,
      correlation: null,
      basis: [],
      payload,
      json: JSON.stringify(payload),
    };
    this.projection.event(event);
  }

  start(
    run: RunSpec,
    symbols: readonly string[],
    over: { resolutionS?: number; modelled?: string[] } = {},
  ): void {
    this.event('input', 'SessionStarted', {
      session: 'test',
      continues: null,
      mode: 'sim',
      run,
      symbols,
      datasets: [{ name: 'bars.csv', head: '0' }],
      engineVersion: '0.1.0',
      modelled: over.modelled ?? [],
    });
    symbols.forEach((symbol, id) => {
      this.event('input', 'SymbolDefined', {
        id,
        symbol,
        assetClass: 'equity',
        multiplier: 1,
        calendar: 'XNYS',
        priceSource: 'bars',
        resolutionS: over.resolutionS ?? DAY_S,
      });
    });
  }

  bar(bar: Omit<Bar, 'day'>, symbolId = 0, resolutionS = DAY_S): void {
    const tick = this.#tick;
    tick.kind = TickKind.bar;
    tick.symbolId = symbolId;
    tick.time = tick.recordedAt = this.#now;
    tick.open = bar.open;
    tick.high = bar.high;
    tick.low = bar.low;
    tick.close = bar.close;
    tick.volume = 1;
    tick.resolutionS = resolutionS;
    this.projection.tick(++this.#seq, tick);
  }

  closed(day: string): void {
    this.event('input', 'MarketClosed', { calendar: 'XNYS', day });
  }

  order(
    action: 'enter' | 'exit' | 'hedge',
    terms: {
      symbol: string;
      side: 'buy' | 'sell';
      quantity: number;
      px: number;
      fee?: number;
      reason?: string;
      role?: string;
      intent?: number;
      bidPx?: number;
      askPx?: number;
    },
  ): void {
    const ordinal = ++this.#ordinal;
    this.event('decision', 'OrderIntended', {
      ordinal,
      intent: terms.intent ?? null,
      action,
      role: terms.role ?? 'tactical',
      symbol: terms.symbol,
      side: terms.side,
      size: { kind: 'quantity', quantity: terms.quantity },
      orderType: 'market',
      limitPx: null,
      stopPx: null,
      timeInForce: 'day',
      bidPx: terms.bidPx ?? null,
      askPx: terms.askPx ?? null,
      reason: terms.reason ?? 'signal',
    });
    this.event('input', 'OrderFilled', {
      ordinal,
      executionId: `x${ordinal}`,
      symbol: terms.symbol,
      side: terms.side,
      lastQty: terms.quantity,
      lastPx: terms.px,
      leavesQty: 0,
      feeMicros: toMicros(terms.fee ?? 0),
    });
  }
}

const sma = (bars: readonly Bar[], n: number): number[] =>
  bars.map((_, i) => {
    if (i < n - 1) return Number.NaN;
    let total = 0;
    for (let k = i - n + 1; k <= i; k++) total += bars[k].close;
    return total / n;
  });

interface CrossOptions {
  readonly fast: number;
  readonly slow: number;
  readonly cash: number;
  readonly symbol: string;
  /** Units an entry, or null for all the equity at the open. */
  readonly units: number | null;
  readonly commission: number;
  readonly reverse: boolean;
}

/** 09:30 and 16:00 in New York, near enough for daily rows. */
export const openOf = (day: string): number => Date.parse(`${day}T14:30:00Z`) * 1_000;
export const closeOf = (day: string): number => Date.parse(`${day}T21:00:00Z`) * 1_000;

/** The crossover of REFERENCES.md A and B: decided on the close, filled at the next open, closed at the last open. */
export function simulateCross(bars: readonly Bar[], options: CrossOptions): RunProjection {
  const { symbol, units, commission } = options;
  const feeder = new Feeder();
  const run = plainSpec({ cash: options.cash, reverse: options.reverse, allowShort: options.reverse });
  feeder.at(openOf(bars[0].day)).start(run, [symbol]);
  const fast = sma(bars, options.fast);
  const slow = sma(bars, options.slow);
  let held = 0;
  let cash = options.cash;
  let wanted: 'up' | 'down' | null = null;

  const trade = (action: 'enter' | 'exit', quantity: number, px: number) => {
    const fee = Math.abs(quantity) * px * commission;
    const side = quantity > 0 ? 'buy' : 'sell';
    feeder.order(action, { symbol, side, quantity: Math.abs(quantity), px, fee });
    held += quantity;
    cash -= quantity * px + fee;
  };

  for (let i = 0; i < bars.length; i++) {
    const { day, open } = bars[i];
    const last = i === bars.length - 1;
    feeder.at(openOf(day));
    if (wanted !== null) {
      if (held !== 0) trade('exit', -held, open);
      const size = units ?? Math.floor((cash * (1 - 2.2e-16)) / open);
      if (wanted === 'up') trade('enter', size, open);
      else if (options.reverse) trade('enter', -size, open);
      wanted = null;
    }
    if (last && held !== 0) trade('exit', -held, open);
    feeder.at(closeOf(day)).bar(bars[i]);
    feeder.closed(day);
    if (i < 1) continue;
    if (fast[i - 1] < slow[i - 1] && fast[i] > slow[i]) wanted = 'up';
    else if (fast[i - 1] > slow[i - 1] && fast[i] < slow[i] && (options.reverse || held > 0)) wanted = 'down';
  }
  return feeder.projection.finish();
}
