/** What a run said beside its prices: fills with their reasons, regimes, refusals, standing selections, warnings. */
import type { Side } from '../domain/instrument.ts';
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
  IntentAction,
  IntentDropped,
  OrderDenied,
  OrderFilled,
  OrderIntended,
  OrderRejected,
  TradeCorrected,
} from '../events/order.events.ts';

/** A symbol's regime at one moment; a region that never spoke is null. */
export interface RegimeNow {
  readonly trend: string | null;
  readonly volatility: string | null;
  readonly structure: string | null;
}
export const regimeRegions = ['trend', 'volatility', 'structure'] as const;

export interface RegimeChange {
  readonly time: number;
  readonly symbol: string;
  readonly now: RegimeNow;
}

export interface FillRecord {
  readonly seq: number;
  readonly ordinal: number;
  readonly executionId: string;
  readonly time: number;
  /** Index of the sample the fill falls into. */
  readonly bar: number;
  readonly symbol: string;
  readonly role: PositionRole;
  readonly side: Side;
  readonly quantity: number;
  readonly px: number;
  readonly feeMicros: number;
  readonly multiplier: number;
  /** The plan's exit reason for an exit, else the order's. */
  readonly reason: string;
  readonly regime: RegimeNow | null;
}

interface OrderFacts {
  readonly action: IntentAction;
  readonly role: PositionRole;
  readonly reason: string;
}

export interface Standing<P> {
  readonly time: number;
  readonly payload: P;
}

const UNKNOWN_REGIME: RegimeNow = { trend: null, volatility: null, structure: null };

export class RunJournal {
  readonly fills: FillRecord[] = [];
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
  readonly #orders = new Map<number, OrderFacts>();
  readonly #exitReasons = new Map<string, string>();

  event(event: StoredEvent): void {
    switch (event.type) {
      case 'OrderIntended': {
        const { ordinal, action, role, reason } = event.payload as OrderIntended;
        this.#orders.set(ordinal, { action, role, reason });
        break;
      }
      case 'ExitTriggered': {
        const { symbol, reason } = event.payload as PayloadOf<typeof ExitTriggered>;
        this.#exitReasons.set(symbol, reason);
        break;
      }
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
        count(this.denied, (event.payload as PayloadOf<typeof OrderDenied>).reason);
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

  roleOf(ordinal: number): PositionRole {
    return this.#orders.get(ordinal)?.role ?? 'tactical';
  }

  filled(event: StoredEvent<OrderFilled>, bar: number, multiplier: number): void {
    const { ordinal, executionId, symbol, side, lastQty, lastPx, leavesQty, feeMicros } = event.payload;
    const order = this.#orders.get(ordinal);
    const exiting = order?.action === 'exit' || order?.action === 'protect';
    this.fills.push({
      seq: event.seq,
      ordinal,
      executionId,
      time: event.time,
      bar,
      symbol,
      role: order?.role ?? 'tactical',
      side,
      quantity: lastQty,
      px: lastPx,
      feeMicros,
      multiplier,
      reason: (exiting ? this.#exitReasons.get(symbol) : undefined) ?? order?.reason ?? '',
      regime: this.regimes.get(symbol) ?? null,
    });
    if (leavesQty > 0) return;
    this.#orders.delete(ordinal);
    if (exiting) this.#exitReasons.delete(symbol);
  }

  busted(executionId: string): void {
    const index = this.#indexOf(executionId);
    if (index >= 0) this.fills.splice(index, 1);
  }

  corrected({ executionId, lastQty, lastPx, feeMicros }: PayloadOf<typeof TradeCorrected>): void {
    const index = this.#indexOf(executionId);
    if (index >= 0) this.fills[index] = { ...this.fills[index], quantity: lastQty, px: lastPx, feeMicros };
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
