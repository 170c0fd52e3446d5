/** What a run said beside its prices: fills with their reasons, regimes, refusals, standing selections, warnings. */
import type { PositionRole } from '../domain/portfolio.ts';
import type {
  ConvictionChanged,
  ExitTriggered,
  RegimeChanged,
  SelectionMade,
} from '../events/decision.events.ts';
import type { PayloadOf } from '../events/define-event.ts';
import type { EngineHalted } from '../events/engine.events.ts';
import type { StoredEvent } from '../events/envelope.ts';
import type {
  DatasetSummarized,
  LineRejected,
  TickRejected,
  TicksConflated,
} from '../events/market.events.ts';
import type {
  HedgeSized,
  HedgeStateChanged,
  OptionSettled,
  VolatilityGuardChanged,
} from '../events/option.events.ts';
import type {
  IntentAction,
  IntentDropped,
  OrderDenied,
  OrderFilled,
  OrderIntended,
  OrderRejected,
  TradeCorrected,
} from '../events/order.events.ts';
import type { FillRecord, RegimeChange, RegimeNow, Released, SplitRecord } from './run-records.ts';
import { SignalJournal } from './signal-journal.ts';

interface OrderFacts extends Pick<FillRecord, 'intent' | 'released'> {
  readonly action: IntentAction;
  readonly role: PositionRole;
  readonly reason: string;
}

/** What the projection knows of a fill beside the event. */
type FillFacts = Pick<FillRecord, 'bar' | 'multiplier' | 'contract'>;

export interface Standing<P> {
  readonly time: number;
  readonly payload: P;
}

type Guard = PayloadOf<typeof VolatilityGuardChanged>;
type HedgeState = PayloadOf<typeof HedgeStateChanged>;
type HedgeSize = PayloadOf<typeof HedgeSized>;

/** The plan whose exit an order fills. */
const planOf = (underlying: string, plan: 'equity' | 'option'): string => `${underlying} ${plan}`;

const UNKNOWN_REGIME: RegimeNow = { trend: null, volatility: null, structure: null };

export class RunJournal {
  readonly fills: FillRecord[] = [];
  /** What the session before left open, as if it had been bought at the first prices of this log. */
  readonly opening: FillRecord[] = [];
  readonly regimeChanges: RegimeChange[] = [];
  readonly regimes = new Map<string, RegimeNow>();
  readonly selections = new Map<string, Standing<SelectionMade>>();
  readonly convictions = new Map<string, Standing<ConvictionChanged>>();
  /** Orders our own gate refused, by reason. */
  readonly denied = new Map<string, number>();
  /** How often something happened that a reader of the results should know. */
  readonly mishaps = new Map<string, number>();
  /** Sentences of the dataset and the engine. */
  readonly notes: string[] = [];
  readonly splits: SplitRecord[] = [];
  readonly guards: Standing<Guard>[] = [];
  readonly hedgeStates: Standing<HedgeState>[] = [];
  readonly hedgeSizes: Standing<HedgeSize>[] = [];
  readonly signals = new SignalJournal();
  readonly #orders = new Map<number, OrderFacts>();
  readonly #released = new Map<number, Released>();
  /** By plan. */
  readonly #exitReasons = new Map<string, string>();

  event(event: StoredEvent): void {
    this.signals.event(event);
    switch (event.type) {
      case 'OrderIntended':
        this.#intended(event as StoredEvent<OrderIntended>);
        break;
      case 'ExitTriggered': {
        const { symbol, plan, reason } = event.payload as PayloadOf<typeof ExitTriggered>;
        this.#exitReasons.set(planOf(symbol, plan), reason);
        break;
      }
      case 'VolatilityGuardChanged':
        this.guards.push({ time: event.recordedAt, payload: event.payload as Guard });
        break;
      case 'HedgeStateChanged':
        this.hedgeStates.push({ time: event.recordedAt, payload: event.payload as HedgeState });
        break;
      case 'HedgeSized':
        this.hedgeSizes.push({ time: event.recordedAt, payload: event.payload as HedgeSize });
        break;
      case 'RegimeChanged':
        this.#regime(event as StoredEvent<RegimeChanged>);
        break;
      case 'SelectionMade': {
        const payload = event.payload as SelectionMade;
        this.selections.set(payload.symbol, { time: event.recordedAt, payload });
        break;
      }
      case 'ConvictionChanged': {
        const payload = event.payload as ConvictionChanged;
        this.convictions.set(payload.symbol, { time: event.recordedAt, payload });
        break;
      }
      case 'OrderDenied':
        // By what was exceeded, not by how much.
        count(this.denied, (event.payload as PayloadOf<typeof OrderDenied>).reason.split(':')[0]);
        break;
      case 'IntentDropped':
        count(this.mishaps, `intent dropped: ${(event.payload as PayloadOf<typeof IntentDropped>).reason}`);
        break;
      case 'OrderRejected':
        count(
          this.mishaps,
          `order rejected by the venue: ${(event.payload as PayloadOf<typeof OrderRejected>).reason}`,
        );
        break;
      case 'OrderOutcomeUnknown':
        count(this.mishaps, 'order whose outcome was unknown for a while');
        break;
      case 'TickRejected': {
        const { symbol, tick, reason } = event.payload as PayloadOf<typeof TickRejected>;
        count(this.mishaps, `record of ${symbol} refused (${tick}, ${reason})`);
        break;
      }
      case 'LineRejected':
        count(
          this.mishaps,
          `line of ${(event.payload as PayloadOf<typeof LineRejected>).file} refused on import`,
        );
        break;
      case 'TicksConflated': {
        const { symbol, count: merged } = event.payload as PayloadOf<typeof TicksConflated>;
        count(this.mishaps, `tick of ${symbol} merged under load`, merged);
        break;
      }
      case 'DatasetSummarized': {
        const { notes, rejected } = event.payload as DatasetSummarized;
        this.notes.push(...notes);
        if (rejected > 0) count(this.mishaps, 'line refused on import', rejected);
        break;
      }
      case 'EngineHalted': {
        const { code, actor, message } = event.payload as PayloadOf<typeof EngineHalted>;
        this.notes.push(`The engine halted at event ${event.seq} (${code}, ${actor}): ${message}`);
        break;
      }
    }
  }

  /** Orders and regimes of the session before. */
  carry(orders: readonly OrderIntended[], regimes: Iterable<readonly [string, RegimeNow]>): void {
    for (const { ordinal, action, intent, role, reason } of orders)
      this.#orders.set(ordinal, { action, intent, role, reason, released: null });
    for (const [symbol, now] of regimes) this.regimes.set(symbol, now);
  }

  roleOf(ordinal: number): PositionRole {
    return this.#orders.get(ordinal)?.role ?? 'tactical';
  }

  filled(event: StoredEvent<OrderFilled>, facts: FillFacts): FillRecord {
    const { ordinal, executionId, symbol, side, lastQty, lastPx, leavesQty, feeMicros } = event.payload;
    const order = this.#orders.get(ordinal);
    const exiting = order?.action === 'exit' || order?.action === 'protect';
    const underlying = facts.contract?.underlying ?? symbol;
    const plan = planOf(underlying, facts.contract === null ? 'equity' : 'option');
    const ofPlan = exiting && order.role === 'tactical' ? this.#exitReasons.get(plan) : undefined;
    // Field by field: an object that is copied and then grows is slow to make, and slow to read ever after.
    const fill: FillRecord = {
      seq: event.seq,
      ordinal,
      intent: order?.intent ?? null,
      released: order?.released ?? null,
      executionId,
      time: event.time,
      bar: facts.bar,
      symbol,
      contract: facts.contract,
      role: order?.role ?? 'tactical',
      side,
      quantity: lastQty,
      px: lastPx,
      feeMicros,
      multiplier: facts.multiplier,
      reason: ofPlan ?? order?.reason ?? '',
      regime: this.regimes.get(underlying) ?? null,
    };
    this.fills.push(fill);
    if (leavesQty > 0) return fill;
    this.#orders.delete(ordinal);
    if (ofPlan !== undefined) this.#exitReasons.delete(plan);
    return fill;
  }

  /** One side of a settlement, in one role. */
  settled(
    event: StoredEvent<OptionSettled>,
    part: FillFacts & Pick<FillRecord, 'symbol' | 'role' | 'side' | 'quantity' | 'px'>,
  ): FillRecord {
    const { settlementId, how, underlying } = event.payload;
    const fill: FillRecord = {
      ...part,
      seq: event.seq,
      ordinal: null,
      intent: null,
      released: null,
      executionId: settlementId,
      time: event.time,
      feeMicros: 0,
      reason: how,
      regime: this.regimes.get(underlying) ?? null,
    };
    this.fills.push(fill);
    return fill;
  }

  busted(executionId: string): void {
    const index = this.#indexOf(executionId);
    if (index >= 0) this.fills.splice(index, 1);
  }

  corrected({ executionId, lastQty, lastPx, feeMicros }: PayloadOf<typeof TradeCorrected>): void {
    const index = this.#indexOf(executionId);
    if (index >= 0) this.fills[index] = { ...this.fills[index], quantity: lastQty, px: lastPx, feeMicros };
  }

  #intended({ time, payload }: StoredEvent<OrderIntended>): void {
    const { ordinal, intent, action, role, reason, bidPx, askPx } = payload;
    const earlier = intent === null ? undefined : this.#released.get(intent);
    const released = earlier ?? { time, bidPx, askPx };
    if (intent !== null && earlier === undefined) this.#released.set(intent, released);
    this.#orders.set(ordinal, { action, intent, role, reason, released });
  }

  #indexOf(executionId: string): number {
    return this.fills.findLastIndex((fill) => fill.executionId === executionId);
  }

  #regime(event: StoredEvent<RegimeChanged>): void {
    const { symbol, region, to } = event.payload;
    const now = { ...(this.regimes.get(symbol) ?? UNKNOWN_REGIME), [region]: to };
    this.regimes.set(symbol, now);
    this.regimeChanges.push({ time: event.recordedAt, symbol, now });
  }
}

function count(tally: Map<string, number>, what: string, by = 1): void {
  tally.set(what, (tally.get(what) ?? 0) + by);
}
