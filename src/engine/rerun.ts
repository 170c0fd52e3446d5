/**
 * A live session once more with the venue simulated: everything it heard is fed again as it was recorded, at its own
 * time, but for what the venue said of orders, which the simulated exchange says instead: fills by the market, its other
 * words as long after a request as the recorded venue took, while the requests are the same.
 *
 * What the venue says of the account as a whole is a question of connections: it comes when it came, and tells what the
 * simulated account holds. That account starts as the real one was first reported. Money that moves without a trade
 * (`CashMoved`) is the real account's alone, and stays out.
 */
import type { SimulatedExchange } from '../adapters/simulated-exchange/simulated-exchange.ts';
import { installDeterminismTrap } from '../bus/determinism-trap.ts';
import type { CalendarName } from '../domain/instrument.ts';
import { fromMicros, notionalMicros, toMicros } from '../domain/money.ts';
import { ContractCatalogue } from '../domain/options/contract-catalogue.ts';
import { Ledger, type LedgerJson } from '../domain/portfolio.ts';
import { ReconciliationFailed, VenueReported } from '../events/account.events.ts';
import { definitionOf } from '../events/catalogue.ts';
import type { NewInput, PayloadOf } from '../events/define-event.ts';
import { CoreDeclared, type SessionCarried, SessionStarted } from '../events/engine.events.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { isOutsideSignal } from '../events/intel.events.ts';
import { MarketClosed, MarketOpened, type SymbolDefined } from '../events/market.events.ts';
import { ChainRecorded, SplitApplied } from '../events/option.events.ts';
import { copyTick, Tick } from '../events/tick.ts';
import type { Strategy } from '../streams/strategy.ts';
import { AnswerTimes } from './answer-times.ts';
import { type Core, createCore } from './core.ts';
import { ExchangeLink } from './exchange-link.ts';
import { exchangeOf } from './exchange-of-run.ts';
import type { Dataset } from './market-source.ts';
import type { SessionSink } from './simulation.ts';

export interface RerunRequest {
  /** As the session is to run now. */
  readonly manifest: SessionStarted;
  readonly strategy: Strategy;
  /** The recorded session. */
  readonly session: Dataset;
  /** What it began with, where it continued another. */
  readonly carried: SessionCarried | null;
  /** The venue's first word on the account; null where it never had one. */
  readonly reported: VenueReported | null;
  readonly sink: SessionSink;
  /** Leaves out what other systems said on the Intel Bus. */
  readonly withoutSignals?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

const ACCOUNT_REPORTS: readonly string[] = [VenueReported.type, ReconciliationFailed.type];
const PROGRESS_EVERY = 8_192;

/** What a venue said of orders and positions: another venue would have said something else. */
export const isVenuesWord = ({ type, kind }: Pick<StoredEvent, 'type' | 'kind'>): boolean =>
  kind === 'input' && definitionOf(type).report && !ACCOUNT_REPORTS.includes(type);

/** Feeds the whole session and returns the core as it stands at its end. */
export function rerun(request: RerunRequest): Core {
  const removeTrap = installDeterminismTrap();
  try {
    return new Rerun(request).run();
  } finally {
    removeTrap();
  }
}

class Rerun {
  readonly #request: RerunRequest;
  readonly #core: Core;
  readonly #exchange: SimulatedExchange;
  readonly #link: ExchangeLink;
  readonly #times: AnswerTimes;
  readonly #definitions: SymbolDefined[] = [];
  readonly #symbolsOf = new Map<CalendarName, string[]>();
  readonly #copy = new Tick();
  #accountReported = false;

  constructor(request: RerunRequest) {
    this.#request = request;
    const { manifest, strategy, session, sink } = request;
    const { run, symbols } = manifest;
    this.#core = createCore({ sink, run, strategy, symbols });
    const multipliers = new Map(session.symbols.map(({ symbol, multiplier }) => [symbol, multiplier]));
    const catalogue = new ContractCatalogue(run.config, symbols);
    for (const { symbol, ...terms } of session.contracts ?? [])
      catalogue.add(symbol, { ...terms, multiplier: multipliers.get(symbol)! });
    const multiplierOf = (symbol: string) =>
      catalogue.get(symbol)?.multiplier ?? multipliers.get(symbol) ?? 1;
    const ledger = openingLedger(request, multiplierOf);
    this.#exchange = exchangeOf(run, { catalogue, multiplierOf, modeller: null, ledger });
    this.#times = new AnswerTimes(session.open());
    this.#link = new ExchangeLink(this.#exchange, this.#times);
    for (const definition of session.symbols) this.#define(definition);
  }

  run(): Core {
    const { session, sink, onProgress, withoutSignals } = this.#request;
    const { kernel } = this.#core;
    const cursor = session.open();
    try {
      for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
        if (cursor.seq % PROGRESS_EVERY === 0) onProgress?.(cursor.seq, session.records);
        if (kind === 1) this.#tick(cursor.tick, cursor.source);
        else if (cursor.event.kind !== 'input') continue;
        else if (withoutSignals && isOutsideSignal(cursor.event.type)) continue;
        else if (isVenuesWord(cursor.event)) this.#venuesWord(cursor.event);
        else this.#input(cursor.event);
        this.#link.sendEffects(kernel);
        sink.settle();
      }
    } finally {
      cursor.close();
    }
    onProgress?.(session.records, session.records);
    return this.#core;
  }

  #tick(tick: Tick, source: string): void {
    const { kernel } = this.#core;
    const definition = this.#definitions[tick.symbolId];
    this.#link.reach(kernel, tick.recordedAt);
    if (definition === undefined) return kernel.tick(tick, source);
    this.#exchange.before(tick, definition.symbol);
    this.#link.deliver(kernel, tick.recordedAt);
    copyTick(tick, this.#copy); // the kernel may overwrite what it was given
    kernel.tick(tick, source);
    this.#link.sendEffects(kernel);
    this.#exchange.after(this.#copy, definition.symbol);
  }

  /** The simulated venue says its own word here, where it has the same to say. */
  #venuesWord(event: StoredEvent): void {
    const { kernel } = this.#core;
    this.#link.reach(kernel, event.recordedAt);
    const held = this.#times.reached(event);
    if (held !== null) this.#link.say(kernel, held, event.recordedAt);
  }

  #input(event: StoredEvent): void {
    const { kernel } = this.#core;
    const { recordedAt, source, time } = event;
    this.#link.reach(kernel, recordedAt);
    kernel.input(this.#changed(event), { source, recordedAt, time });
    if (event.type === CoreDeclared.type)
      this.#exchange.declareCore(event.payload as PayloadOf<typeof CoreDeclared>);
  }

  /** What the exchange has to hear before the engine does, and what the engine hears of it. */
  #changed(event: StoredEvent): NewInput {
    const { kernel } = this.#core;
    const { type, payload, recordedAt: at } = event;
    switch (type) {
      case SessionStarted.type:
        return SessionStarted.of(this.#request.manifest);
      case VenueReported.type:
        return VenueReported.of(this.#accountNow(payload as VenueReported));
      case MarketOpened.type:
        this.#exchange.opened(at, this.#onCalendarOf(payload));
        this.#link.deliver(kernel, at);
        break;
      case MarketClosed.type:
        this.#exchange.closed(this.#onCalendarOf(payload), at);
        this.#link.deliver(kernel, at);
        break;
      case SplitApplied.type:
        this.#exchange.split(payload as SplitApplied, at);
        this.#link.deliver(kernel, at);
        break;
      case ChainRecorded.type: {
        const { underlying, underlyingPx } = payload as ChainRecorded;
        if (underlyingPx !== null) this.#exchange.stated(underlying, underlyingPx);
        break;
      }
    }
    return event as NewInput;
  }

  /** The first word is the recorded one: the simulated account starts from it. Orders it names come to work here, too. */
  #accountNow(recorded: VenueReported): VenueReported {
    const { kernel, actors } = this.#core;
    if (!this.#accountReported) {
      this.#accountReported = true;
      for (const { ordinal, quantity, filledQty } of recorded.orders) {
        const order = ordinal === null ? undefined : actors.orders.get(ordinal);
        if (order === undefined) continue;
        const { symbol, side, orderType, limitPx, stopPx, timeInForce } = order.intended;
        const size = { kind: 'quantity' as const, quantity: quantity - filledQty };
        const terms = { symbol, side, size, orderType, limitPx, stopPx, timeInForce };
        this.#exchange.submit({ ordinal: ordinal!, ...terms }, kernel.now);
      }
      return recorded;
    }
    return this.#simulatedAccount(recorded);
  }

  #simulatedAccount({ account }: VenueReported): VenueReported {
    const { market } = this.#core.actors;
    const { cashMicros, positions } = this.#exchange.account();
    const worth = positions.map(({ symbol, quantity, multiplier, costMicros }) => {
      const px = market.lastPx(symbol);
      return px === undefined ? costMicros : notionalMicros(quantity, px, multiplier);
    });
    const equityMicros = worth.reduce((sum, each) => sum + each, cashMicros);
    return {
      account: {
        ...account,
        cashMicros,
        equityMicros,
        buyingPowerMicros: Math.max(0, account.buyingPowerMicros + equityMicros - account.equityMicros),
      },
      positions: positions.map(({ symbol, quantity, multiplier, costMicros }) => ({
        symbol,
        quantity,
        avgPx: fromMicros(costMicros) / quantity / multiplier,
      })),
      orders: this.#exchange.working().map((order) => ({
        ordinal: order.ordinal,
        clientOrderId: `sim-${order.ordinal}`,
        venueOrderId: `sim-${order.ordinal}`,
        symbol: order.symbol,
        side: order.side,
        quantity: order.quantity ?? 1,
        filledQty: order.filledQty,
        status: order.filledQty > 0 ? 'partially_filled' : 'accepted',
      })),
      lastOrdinal: Math.max(this.#request.reported?.lastOrdinal ?? 0, this.#link.lastOrdinal),
    };
  }

  #onCalendarOf(moment: unknown): readonly string[] {
    const { calendar } = moment as PayloadOf<typeof MarketOpened | typeof MarketClosed>;
    return this.#symbolsOf.get(calendar) ?? [];
  }

  #define(definition: SymbolDefined): void {
    const { id, symbol, calendar } = definition;
    this.#definitions[id] = definition;
    this.#symbolsOf.set(calendar, [...(this.#symbolsOf.get(calendar) ?? []), symbol]);
  }
}

/** What the account held before the session's first order: the venue's word, or what the session before left behind. */
function openingLedger(
  { manifest, carried, reported }: RerunRequest,
  multiplierOf: (symbol: string) => number,
): Ledger {
  const before = carried === null ? null : Ledger.fromJSON(carried.state.portfolio as LedgerJson);
  const cashMicros = reported?.account.cashMicros ?? before?.cashMicros ?? toMicros(manifest.run.cash);
  const held = reported?.positions ?? (before?.positions() ?? []).map(averaged);
  const costOf = ({ symbol, quantity, avgPx }: (typeof held)[number]) =>
    notionalMicros(quantity, avgPx, multiplierOf(symbol));
  const ledger = new Ledger(held.reduce((sum, each) => sum + costOf(each), cashMicros));
  held.forEach(({ symbol, quantity, avgPx }, i) => {
    ledger.fill({
      executionId: `held-${i}`,
      symbol,
      role: 'core',
      side: quantity > 0 ? 'buy' : 'sell',
      quantity: Math.abs(quantity),
      px: avgPx,
      feeMicros: 0,
      multiplier: multiplierOf(symbol),
    });
  });
  return ledger;
}

const averaged = ({ symbol, quantity, costMicros, multiplier }: ReturnType<Ledger['positions']>[number]) => ({
  symbol,
  quantity,
  avgPx: fromMicros(costMicros) / quantity / multiplier,
});
