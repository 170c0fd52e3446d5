/**
 * The account of a run, posted from its log by the same ledger as the core's: fills, settlements, splits, and what each
 * kind of holding has earned.
 */
import { fromMicros, notionalMicros, toMicros } from '../domain/money.ts';
import { renamedBySplit } from '../domain/options/adjustment.ts';
import {
  Ledger,
  type LedgerJson,
  type MarkOf,
  type Position,
  type PositionRole,
} from '../domain/portfolio.ts';
import type { CashAligned, CashMoved, SymbolChanged } from '../events/account.events.ts';
import type { PayloadOf } from '../events/define-event.ts';
import type { CoreDeclared, SessionStarted } from '../events/engine.events.ts';
import type { StoredEvent } from '../events/envelope.ts';
import type { OptionSettled, SplitApplied } from '../events/option.events.ts';
import type { OrderFilled, TradeBusted, TradeCorrected } from '../events/order.events.ts';
import { type HoldingKind, holdingKind, ProfitByKind } from './profit-by-kind.ts';
import type { RunJournal } from './run-journal.ts';
import type { RunOptions } from './run-options.ts';
import { type FillRecord, flowMicros, type SplitMove } from './run-records.ts';

type CoreHolding = PayloadOf<typeof CoreDeclared>;

const ROLES: readonly PositionRole[] = ['core', 'hedge', 'tactical'];
const [BUY, SELL] = ['buy', 'sell'] as const;

interface Receipt {
  /** What it was paid on; null where it was the account. */
  readonly symbol: string | null;
  readonly role: PositionRole;
  readonly micros: number;
}

interface Parts {
  readonly journal: RunJournal;
  readonly multiplierOf: (symbol: string) => number;
  readonly options: () => RunOptions | null;
  /** When the log began, microseconds. */
  readonly startedAt: () => number;
}

export class RunAccount {
  ledger = new Ledger(0);
  /** What the account was worth where the log begins, micro-dollars. */
  startMicros = 0;
  readonly core: CoreHolding[] = [];
  /** Cash that came without a trade and was not paid in. */
  readonly received: Receipt[] = [];
  /** Null in profile `plain`: there all is shares. */
  profits: ProfitByKind | null = null;
  readonly #parts: Parts;
  #transferredBefore = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  open({ cash, profile }: SessionStarted['run']): void {
    this.startMicros = toMicros(cash);
    this.ledger = new Ledger(this.startMicros);
    this.profits = profile === 'plain' ? null : new ProfitByKind();
  }

  /** Goes on with the books of the session before: what it held counts from its price of that moment. */
  carry(books: LedgerJson, markOf: MarkOf): void {
    this.ledger = Ledger.fromJSON(books);
    this.startMicros = this.ledger.equityMicros(markOf);
    this.#transferredBefore = this.ledger.transferredMicros;
    for (const { symbol, role, quantity, costMicros, multiplier } of this.ledger.positions()) {
      const px = markOf(symbol) ?? fromMicros(costMicros) / quantity / multiplier;
      if (role === 'core') this.#holdCore({ symbol, quantity, px });
      else this.#open({ symbol, role, quantity, px, multiplier });
    }
  }

  /** Paid in since then, less what was paid out: no result of the account's. */
  get depositedMicros(): number {
    return this.ledger.transferredMicros - this.#transferredBefore;
  }

  /** False where the event moves no books. `bar`: the index of the sample it falls into. */
  post(event: StoredEvent, bar: number): boolean {
    switch (event.type) {
      case 'CoreDeclared':
      case 'HoldingAdopted':
        return this.#declare(event.payload as CoreHolding);
      case 'CashMoved':
        return this.#receive(event.payload as CashMoved);
      case 'CashAligned': {
        const { deltaMicros } = event.payload as CashAligned;
        return this.ledger.receive({ id: null, isTransfer: true, micros: deltaMicros }).applied;
      }
      case 'SymbolChanged':
        return this.#rename(event as StoredEvent<SymbolChanged>, bar);
      case 'OrderFilled':
        return this.#fill(event as StoredEvent<OrderFilled>, bar);
      case 'OptionSettled':
        return this.#settle(event as StoredEvent<OptionSettled>, bar);
      case 'SplitApplied':
        return this.#split(event as StoredEvent<SplitApplied>, bar);
      case 'TradeBusted': {
        const { executionId } = event.payload as PayloadOf<typeof TradeBusted>;
        this.ledger.bust(executionId);
        this.#parts.journal.busted(executionId);
        return this.#flowAnew();
      }
      case 'TradeCorrected': {
        const correction = event.payload as PayloadOf<typeof TradeCorrected>;
        this.ledger.correct(correction);
        this.#parts.journal.corrected(correction);
        return this.#flowAnew();
      }
      default:
        return false;
    }
  }

  /** A day's profits; once more where the day is stated again. */
  close(day: number, markOf: MarkOf): void {
    this.profits?.state(day, this.ledger.positions(), markOf, this.#kindOf);
  }

  holdsPlans(): boolean {
    const open = this.ledger.positions();
    for (let i = 0; i < open.length; i++) if (open[i].role !== 'core') return true;
    return false;
  }

  #declare(core: CoreHolding): boolean {
    this.ledger.declareCore({ ...core, multiplier: this.#parts.multiplierOf(core.symbol) });
    this.#holdCore(core);
    return true;
  }

  #holdCore(core: CoreHolding): void {
    this.core.push(core);
    this.#flowOfCore(core);
  }

  #open({ quantity, ...held }: Pick<FillRecord, 'symbol' | 'role' | 'quantity' | 'px' | 'multiplier'>): void {
    const opened: FillRecord = {
      seq: 0,
      ordinal: null,
      intent: null,
      released: null,
      executionId: `carried-${held.symbol}-${held.role}`,
      time: this.#parts.startedAt(),
      bar: 0,
      ...held,
      contract: this.#parts.options()?.contract(held.symbol) ?? null,
      side: quantity > 0 ? BUY : SELL,
      quantity: Math.abs(quantity),
      feeMicros: 0,
      reason: 'carried',
      regime: this.#parts.journal.regimes.get(held.symbol) ?? null,
    };
    this.#parts.journal.opening.push(opened);
    this.#flow(opened);
  }

  /** A dividend counts with what it was paid on; what the account earns or pays as a whole, with its shares. */
  #receive(moved: CashMoved): boolean {
    const { activityId, kind, micros, symbol } = moved;
    const isTransfer = kind === 'transfer';
    if (!this.ledger.receive({ id: activityId, isTransfer, micros }).applied) return false;
    if (isTransfer) return true;
    const role = ROLES.find((each) => symbol !== null && this.ledger.position(symbol, each) !== undefined);
    const earned = { symbol, role: role ?? 'tactical', micros };
    this.received.push(earned);
    this.#flowOfReceipt(earned);
    return true;
  }

  /** A trade in the symbol goes on under its new name. */
  #rename({ payload: { from, to }, seq, time }: StoredEvent<SymbolChanged>, bar: number): boolean {
    const moves = this.ledger
      .positions()
      .filter(({ symbol }) => symbol === from)
      .map(({ role, quantity }) => ({ role, from, to, factor: 1, quantity, cashMicros: 0 }));
    this.ledger.rename(from, to);
    this.#parts.journal.splits.push({ seq, time, bar, moves });
    return moves.length > 0;
  }

  #fill(event: StoredEvent<OrderFilled>, bar: number): boolean {
    const { ordinal, executionId, symbol, side, lastQty, lastPx, feeMicros } = event.payload;
    const { journal, multiplierOf, options } = this.#parts;
    const multiplier = multiplierOf(symbol);
    const role = journal.roleOf(ordinal);
    const fill = { executionId, symbol, role, side, quantity: lastQty, px: lastPx, feeMicros, multiplier };
    if (!this.ledger.fill(fill).applied) return false;
    const contract = options()?.contract(symbol) ?? null;
    this.#flow(journal.filled(event, { bar, multiplier, contract }));
    return true;
  }

  /** What a settlement moved is read off the books, role by role: the option leaves, shares may come or go at the strike. */
  #settle(event: StoredEvent<OptionSettled>, bar: number): boolean {
    const { payload } = event;
    const { symbol, underlying, strike, optionPx } = payload;
    const { journal, multiplierOf, options } = this.#parts;
    const multiplier = multiplierOf(symbol);
    const underlyingMultiplier = multiplierOf(underlying);
    const held = (each: string) => ROLES.map((role) => this.ledger.position(each, role)?.quantity ?? 0);
    const [options0, shares0] = [held(symbol), held(underlying)];
    if (!this.ledger.settle({ ...payload, multiplier, underlyingMultiplier }).applied) return false;
    const [options1, shares1] = [held(symbol), held(underlying)];
    const contract = options()?.contract(symbol) ?? null;
    ROLES.forEach((role, i) => {
      const ended = options1[i] - options0[i];
      const units = shares1[i] - shares0[i];
      const part = (moved: number) => ({
        bar,
        role,
        side: moved > 0 ? BUY : SELL,
        quantity: Math.abs(moved),
      });
      if (ended !== 0) {
        const option = { symbol, contract, multiplier, px: optionPx };
        this.#flow(journal.settled(event, { ...part(ended), ...option }));
      }
      if (units === 0) return;
      // One strike pays for what a contract delivers, which after an uneven split is not its multiplier.
      const px = Math.abs((strike * multiplier * ended) / (units * underlyingMultiplier));
      const shares = { symbol: underlying, contract: null, multiplier: underlyingMultiplier, px };
      this.#flow(journal.settled(event, { ...part(units), ...shares }));
    });
    return true;
  }

  #split({ payload, seq, time }: StoredEvent<SplitApplied>, bar: number): boolean {
    const { symbol, numerator, denominator } = payload;
    const before = this.ledger.positions();
    const cashBefore = this.ledger.cashMicros;
    const renamed = renamedBySplit(payload, (each) => this.#parts.options()?.contract(each));
    this.ledger.split({ ...payload, renamed });
    // Fractions are paid out of the account's sum: which role they were in is nobody's to say.
    let paid = this.ledger.cashMicros - cashBefore;
    const moves = before.flatMap(({ symbol: from, role }): SplitMove[] => {
      const now = from === symbol ? { symbol, factor: numerator / denominator } : renamed(from);
      if (now === undefined) return [];
      const quantity = this.ledger.position(now.symbol, role)?.quantity ?? 0;
      const cashMicros = from === symbol ? paid : 0;
      paid -= cashMicros;
      return [{ role, from, to: now.symbol, factor: now.factor, quantity, cashMicros }];
    });
    this.#parts.journal.splits.push({ seq, time, bar, moves });
    for (const move of moves) this.#flowOfSplit(move);
    return true;
  }

  readonly #kindOf = ({ symbol, role }: Pick<Position, 'symbol' | 'role'>): HoldingKind =>
    holdingKind(role, this.#parts.options()?.contract(symbol)?.right);

  #flow(fill: FillRecord): void {
    this.profits?.flow(holdingKind(fill.role, fill.contract?.right), flowMicros(fill));
  }

  #flowOfCore({ symbol, quantity, px }: CoreHolding): void {
    this.profits?.flow('core', 0 - notionalMicros(quantity, px, this.#parts.multiplierOf(symbol)));
  }

  #flowOfReceipt({ symbol, role, micros }: Receipt): void {
    this.profits?.flow(symbol === null ? 'shares' : this.#kindOf({ symbol, role }), micros);
  }

  #flowOfSplit({ from, role, cashMicros }: SplitMove): void {
    if (cashMicros !== 0) this.profits?.flow(this.#kindOf({ symbol: from, role }), cashMicros);
  }

  /** After a fill was taken back or corrected. */
  #flowAnew(): boolean {
    this.profits?.forget();
    for (const core of this.core) this.#flowOfCore(core);
    const { opening, fills } = this.#parts.journal;
    for (const fill of [...opening, ...fills]) this.#flow(fill);
    for (const each of this.received) this.#flowOfReceipt(each);
    for (const { moves } of this.#parts.journal.splits) for (const move of moves) this.#flowOfSplit(move);
    return true;
  }
}
