/**
 * A run as an invariant sees it: what was just appended, and what follows from the log so far, folded here from events
 * alone so that the engine's own books can be held against it.
 */
import type { RunSpec } from '../domain/config.ts';
import { onQuantityGrid, sideSign } from '../domain/instrument.ts';
import { notionalMicros, toMicros } from '../domain/money.ts';
import type { Position, PositionRole } from '../domain/portfolio.ts';
import { CoreDeclared } from '../events/engine.events.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { SymbolDefined, TickRejected } from '../events/market.events.ts';
import { OptionSettled } from '../events/option.events.ts';
import { OrderFilled, OrderIntended } from '../events/order.events.ts';
import type { Tick } from '../events/tick.ts';
import { MarketFold, type MarketView } from './market-fold.ts';

/** One entry of the log: an event, or a tick. */
export interface RunRecord {
  readonly seq: number;
  readonly event: StoredEvent | null;
  readonly tick: Tick | null;
}

/** An order and every event that names it, oldest first; the first is its `OrderIntended`. */
export interface OrderTrace {
  readonly intended: OrderIntended;
  readonly events: readonly StoredEvent[];
  /** Sum of its fills. */
  readonly filledQty: number;
}

export interface FillTrace {
  readonly event: StoredEvent<OrderFilled>;
  readonly role: PositionRole;
}

/** The engine's own books, as they stand when nothing is left to dispatch. */
export interface EngineBooks {
  readonly cashMicros: number;
  readonly positions: readonly Position[];
}

export interface Holding {
  readonly symbol: string;
  readonly role: PositionRole;
  /** Units; negative is short. */
  readonly quantity: number;
}

export interface RunView {
  readonly run: RunSpec;
  /** Definitions by symbol. */
  readonly symbols: ReadonlyMap<string, SymbolDefined>;
  /** Quotes, chains and exposures as they stand at the record. */
  readonly market: MarketView;
  /** What was just appended. */
  readonly record: RunRecord;
  /** Clock of that record, integer microseconds UTC. */
  readonly now: number;
  /** The engine's books where this record was the last of its cascade, else null: in between they may lag behind. */
  readonly engine: EngineBooks | null;
  /** By ordinal. */
  readonly orders: ReadonlyMap<number, OrderTrace>;
  /** Oldest first, each execution once. */
  readonly fills: readonly FillTrace[];
  /** What fills, settlements and declared holdings leave of the starting cash, integer micro-dollars. */
  readonly cashMicros: number;
  /** Units held, by the fills; negative is short. */
  readonly held: (symbol: string, role: PositionRole) => number;
  /** Every symbol and role that was ever held, with the units held now. */
  readonly holdings: () => Iterable<Holding>;
  /** Newest price that was not rejected, dollars; of an option its mark. Undefined before the first. */
  readonly lastPx: (symbol: string) => number | undefined;
  /** Whether the tick at `seq` was rejected. */
  readonly rejected: (seq: number) => boolean;
  /** An earlier record, or this one. */
  readonly at: (seq: number) => RunRecord | undefined;
  /** The symbol of a tick; undefined for an id nobody defined. */
  readonly symbolOf: (tick: Tick) => string | undefined;
  /** Ticks of a symbol, oldest first. */
  readonly ticks: (symbol: string) => readonly RunRecord[];
  /** Events of a type, oldest first. */
  readonly events: <P>(type: { readonly type: string }) => readonly StoredEvent<P>[];
}

/**
 * A rule about runs. `check` is called after every record of the log and answers null, or one sentence that says what is
 * wrong with the newest record. It keeps nothing between calls: all it may need is in the view.
 */
export interface Invariant {
  readonly name: string;
  readonly check: (view: RunView) => string | null;
}

const keyOf = (symbol: string, role: PositionRole): string => `${symbol} ${role}`;

const NO_RECORDS: readonly RunRecord[] = [];

interface MutableTrace extends OrderTrace {
  readonly events: StoredEvent[];
  filledQty: number;
}

/** Folds a log, record by record, into the view. */
export class RunFold implements RunView {
  readonly run: RunSpec;
  readonly symbols = new Map<string, SymbolDefined>();
  readonly orders = new Map<number, MutableTrace>();
  readonly fills: FillTrace[] = [];
  record: RunRecord = { seq: 0, event: null, tick: null };
  engine: EngineBooks | null = null;
  now = 0;
  cashMicros: number;
  readonly market: MarketFold;
  readonly #records: RunRecord[] = [];
  readonly #events = new Map<string, StoredEvent[]>();
  readonly #byId: (SymbolDefined | undefined)[] = [];
  readonly #held = new Map<string, Holding>();
  readonly #executions = new Set<string>();
  readonly #ticks = new Map<string, RunRecord[]>();
  readonly #rejected = new Set<number>();

  constructor(run: RunSpec, historyBars = 300) {
    this.run = run;
    this.cashMicros = toMicros(run.cash);
    this.market = new MarketFold(run, historyBars);
  }

  add(record: RunRecord, engine: EngineBooks | null): void {
    const { event, tick } = record;
    this.record = record;
    this.engine = engine;
    this.now = (event ?? tick!).recordedAt;
    this.#records.push(record);
    if (event !== null) {
      this.market.event(event);
      const ofType = this.#events.get(event.type);
      if (ofType === undefined) this.#events.set(event.type, [event]);
      else ofType.push(event);
      this.#fold(event);
    } else {
      this.market.tick(tick!, record.seq);
      const symbol = this.symbolOf(tick!);
      if (symbol === undefined) return;
      const ticks = this.#ticks.get(symbol);
      if (ticks === undefined) this.#ticks.set(symbol, [record]);
      else ticks.push(record);
    }
  }

  readonly held = (symbol: string, role: PositionRole): number =>
    this.#held.get(keyOf(symbol, role))?.quantity ?? 0;

  readonly holdings = (): Iterable<Holding> => this.#held.values();

  readonly lastPx = (symbol: string): number | undefined => this.market.lastPx(symbol);

  readonly rejected = (seq: number): boolean => this.#rejected.has(seq);

  /** Records are numbered from 1 without a gap: an invariant of its own watches that. */
  readonly at = (seq: number): RunRecord | undefined => this.#records[seq - 1];

  readonly symbolOf = (tick: Tick): string | undefined => this.#byId[tick.symbolId]?.symbol;

  readonly ticks = (symbol: string): readonly RunRecord[] => this.#ticks.get(symbol) ?? NO_RECORDS;

  readonly events = <P>({ type }: { readonly type: string }): readonly StoredEvent<P>[] =>
    (this.#events.get(type) ?? []) as readonly StoredEvent<P>[];

  #fold(event: StoredEvent): void {
    const { type, payload } = event;
    switch (type) {
      case SymbolDefined.type: {
        const definition = payload as SymbolDefined;
        this.symbols.set(definition.symbol, definition);
        this.#byId[definition.id] = definition;
        return;
      }
      case TickRejected.type:
        this.#rejected.add(event.causation!);
        return;
      case CoreDeclared.type: {
        const { symbol, quantity, px } = payload as { symbol: string; quantity: number; px: number };
        this.cashMicros -= notionalMicros(quantity, px, this.market.multiplierOf(symbol));
        this.#move(symbol, 'core', quantity);
        return;
      }
      case OptionSettled.type:
        this.#settle(payload as OptionSettled);
        return;
      case OrderIntended.type: {
        const intended = payload as OrderIntended;
        this.orders.set(intended.ordinal, { intended, events: [event], filledQty: 0 });
        return;
      }
    }
    const { ordinal } = payload as { ordinal?: number | null };
    const order = this.orders.get(ordinal ?? 0);
    if (order === undefined) return;
    order.events.push(event);
    if (type === OrderFilled.type) this.#fill(event as StoredEvent<OrderFilled>, order);
  }

  #fill(event: StoredEvent<OrderFilled>, order: MutableTrace): void {
    const { executionId, symbol, side, lastQty, lastPx, feeMicros } = event.payload;
    if (this.#executions.has(executionId)) return;
    this.#executions.add(executionId);
    const { role } = order.intended;
    const sign = sideSign(side);
    this.cashMicros -= sign * notionalMicros(lastQty, lastPx, this.market.multiplierOf(symbol)) + feeMicros;
    this.#move(symbol, role, sign * lastQty);
    order.filledQty = onQuantityGrid(order.filledQty + lastQty);
    this.fills.push({ event, role });
  }

  /** Contracts leave at the option's price; shares come or go at the strike, in the role of the contracts. */
  #settle({ symbol, quantity, optionPx, underlying, strike, shares }: OptionSettled): void {
    const multiplier = this.market.multiplierOf(symbol);
    let left = quantity;
    for (const role of ['core', 'hedge', 'tactical'] as const) {
      const held = this.held(symbol, role);
      const same = held * left > 0 ? Math.sign(left) * Math.min(Math.abs(held), Math.abs(left)) : 0;
      const part = role === 'tactical' ? left : same;
      if (part === 0) continue;
      left = onQuantityGrid(left - part);
      const units = onQuantityGrid((shares * part) / quantity);
      this.#move(symbol, role, -part);
      this.#move(underlying, role, units);
      this.cashMicros += notionalMicros(part, optionPx, multiplier);
      this.cashMicros -= Math.sign(units) * Math.abs(notionalMicros(part, strike, multiplier));
    }
  }

  #move(symbol: string, role: PositionRole, quantity: number): void {
    const key = keyOf(symbol, role);
    const held = this.#held.get(key)?.quantity ?? 0;
    this.#held.set(key, { symbol, role, quantity: onQuantityGrid(held + quantity) });
  }
}
