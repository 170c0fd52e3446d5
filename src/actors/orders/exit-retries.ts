/**
 * Sees to it that what was to be sold in a live session is sold: an exit whose orders ended unfilled (denied, rejected,
 * expired, taken back with the process), or came too early for the last fill of its entry, is asked for again after a pause, until
 * nothing of it is left or another takes its place.
 */
import type { Kernel } from '../../bus/kernel.ts';
import type { RunSpec } from '../../domain/config.ts';
import { isOpenAt } from '../../domain/exchange-calendar.ts';
import { SymbolChanged } from '../../events/account.events.ts';
import { ClockTicked } from '../../events/engine.events.ts';
import { MarketClosed } from '../../events/market.events.ts';
import { SplitApplied } from '../../events/option.events.ts';
import * as o from '../../events/order.events.ts';
import type { MarketData } from '../../streams/market-data.ts';
import type { Portfolio } from '../account/portfolio.ts';
import type { LiveConditions } from '../venue/live-conditions.ts';
import type { OrderBook } from './order-book.ts';
import type { OrderWorkers } from './order-worker.ts';
import type { ReleaseDesk } from './release-desk.ts';
import type { TradingState } from './trading-state.ts';

const ACTOR = 'exit-retries';
/** The pause grows with each try, up to this. */
const PAUSE_MAX_US = 60_000_000;
const DOUBLINGS_MAX = 10;
/** Of others the next close decides anew whether they are still wanted. */
const LASTS: readonly string[] = ['operator', 'exercise', 'exercised'];

interface Parts {
  readonly run: Pick<RunSpec, 'config'>;
  readonly market: MarketData;
  readonly orders: OrderBook;
  readonly portfolio: Portfolio;
  readonly tradingState: TradingState;
  readonly conditions: LiveConditions;
  readonly workers: OrderWorkers;
  readonly desk: ReleaseDesk;
}

/** One that is worked is known by its intent, of which more orders may come. */
type Entry = Pick<o.OrderIntended, 'intent' | 'ordinal'>;

interface Wanted {
  readonly intent: o.IntentDeferred;
  readonly tries: number;
  /**
   * Where it was to sell all there was, the entries that were out then: what these still buy is to be sold as well, what a
   * later one buys is not.
   */
  readonly entries: readonly Entry[];
  /** Of its orders, less what came to what is to be sold. */
  filled: number;
  canceled: boolean;
  /** When it was found ended, microseconds; null while it goes on. */
  endedAt: number | null;
}

export class ExitRetries {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  /** The newest exit of each symbol. */
  #wanted = new Map<string, Wanted>();

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    kernel.on(o.IntentDeferred, ACTOR, ({ payload }) => this.#want(payload));
    kernel.on(o.OrderFilled, ACTOR, ({ payload: { ordinal, lastQty } }) => {
      const wanted = this.#of(ordinal);
      if (wanted !== undefined) wanted.filled += lastQty;
      else this.#grow(ordinal, lastQty);
    });
    kernel.on(o.OrderCanceled, ACTOR, ({ payload: { ordinal } }) => {
      const wanted = this.#of(ordinal);
      if (wanted !== undefined) wanted.canceled = true;
    });
    // What it is of is another number, or has another name: the plan decides anew.
    kernel.on(SplitApplied, ACTOR, ({ payload }) => this.#wanted.delete(payload.symbol));
    kernel.on(SymbolChanged, ACTOR, ({ payload }) => this.#wanted.delete(payload.from));
    kernel.on(MarketClosed, ACTOR, ({ payload: { calendar } }) => {
      for (const { symbol, reason } of this.#intents()) {
        if (parts.market.calendarOf(symbol) === calendar && !LASTS.includes(reason))
          this.#wanted.delete(symbol);
      }
    });
    kernel.on(ClockTicked, ACTOR, () => {
      if (parts.conditions.apply) for (const { symbol } of this.#intents()) this.#look(symbol);
    });
    kernel.carry(ACTOR, {
      save: () => [...this.#wanted.values()],
      restore: (saved) => {
        this.#wanted = new Map((saved as Wanted[]).map((each) => [each.intent.symbol, { ...each }]));
      },
    });
  }

  /** Whether such an intent of a symbol has ended without being canceled: it is asked for again from here, after its pause. */
  wants(action: o.IntentAction, symbol: string): boolean {
    const wanted = this.#wanted.get(symbol);
    return wanted?.intent.action === action && !wanted.canceled && !this.#goesOn(wanted);
  }

  #intents(): o.IntentDeferred[] {
    return Array.from(this.#wanted.values(), ({ intent }) => intent);
  }

  #want(intent: o.IntentDeferred): void {
    const { symbol, action } = intent;
    if (!this.#parts.conditions.apply) return;
    const before = this.#wanted.get(symbol);
    // A stop is put back for what an exit has left; it does not take its place.
    if (action === 'protect' && before?.intent.action === 'exit') return;
    if (action !== 'exit' && action !== 'protect') return;
    const again = before?.endedAt != null && before.intent.reason === intent.reason;
    const tries = again ? before.tries + 1 : 0;
    const entries = again ? before.entries : action === 'exit' ? this.#entriesOut(intent) : [];
    this.#wanted.set(symbol, { intent, tries, entries, filled: 0, canceled: false, endedAt: null });
  }

  #entriesOut({ symbol, role, size }: o.IntentDeferred): readonly Entry[] {
    const { orders, portfolio, workers } = this.#parts;
    const held = Math.abs(portfolio.quantity(symbol, role));
    if (size.kind !== 'quantity' || size.quantity < held) return [];
    const isEntry = (each: Pick<o.OrderIntended, 'symbol' | 'action' | 'role'>) =>
      each.symbol === symbol && each.action === 'enter' && each.role === role;
    const sent = [...orders.working()].flatMap(({ intended }) => (isEntry(intended) ? [intended] : []));
    const worked = workers.intents().filter(isEntry);
    return [
      ...sent.map(({ intent, ordinal }) => ({ intent, ordinal })),
      ...worked.map(({ intent }) => ({ intent, ordinal: 0 })),
    ];
  }

  /** An entry that was asked to stop may have traded before it did. */
  #grow(ordinal: number, lastQty: number): void {
    const intended = this.#parts.orders.get(ordinal)?.intended;
    const wanted = intended && this.#wanted.get(intended.symbol);
    const isOut = (entry: Entry) =>
      entry.ordinal === ordinal || (entry.intent !== null && entry.intent === intended!.intent);
    // Logs from before they were kept have none.
    if (wanted?.entries?.some(isOut)) wanted.filled -= lastQty;
  }

  #of(ordinal: number): Wanted | undefined {
    const order = this.#parts.orders.get(ordinal);
    const wanted = order && this.#wanted.get(order.intended.symbol);
    return wanted?.intent.intent === order?.intended.intent ? wanted : undefined;
  }

  #look(symbol: string): void {
    const { portfolio, run, tradingState, conditions, market } = this.#parts;
    const wanted = this.#wanted.get(symbol)!;
    const { intent, tries } = wanted;
    if (this.#goesOn(wanted)) {
      wanted.endedAt = null;
      return;
    }
    const held = Math.abs(portfolio.quantity(symbol, intent.role));
    const asked = intent.size.kind === 'quantity' ? intent.size.quantity : held;
    const quantity = Math.min(held, asked - wanted.filled);
    // A stop that was canceled has made way for something.
    if (quantity <= 0 || (intent.action === 'protect' && wanted.canceled)) {
      this.#wanted.delete(symbol);
      return;
    }
    const { now } = this.#kernel;
    wanted.endedAt ??= now;
    const pauseUs = Math.min(
      run.config.venue.retryMs * 1_000 * (1 << Math.min(tries, DOUBLINGS_MAX)),
      PAUSE_MAX_US,
    );
    if (now - wanted.endedAt < pauseUs || !isOpenAt(market.calendarOf(symbol), now)) return;
    if (!tradingState.allows(intent.action) || conditions.failing(intent) !== undefined) return;
    const { intent: _, ...terms } = intent;
    this.#parts.desk.request({ ...terms, size: { kind: 'quantity', quantity } }, { basis: [] });
  }

  /** It waits, is worked, or has an order out. */
  #goesOn({ intent }: Wanted): boolean {
    const { orders, workers, desk } = this.#parts;
    const { symbol, action } = intent;
    const isOut = orders.hasWorking(symbol, (order) => order.action === action);
    return desk.holds(action, symbol) || workers.works(symbol) || isOut;
  }
}
