/**
 * The account's books in integer micro-dollars: cash, and one position per symbol and role at average cost. After every
 * posting, cash = start + received + realised - fees - cost of open positions, exactly; received is what came or went
 * without a trade.
 *
 * Rounding: a fill is worth quantity x px x multiplier, px and the product each rounded once to a micro. Where a fill
 * closes part of a position, the cost it releases is cost x closed / held, rounded to a micro (all of it at flat); where
 * it crosses zero, the value of the closing part is rounded likewise and the rest opens. What rounding moves therefore
 * passes between realised profit and cost, never into or out of the sum.
 */
import { onQuantityGrid, type Side, sideSign } from './instrument.ts';
import type {
  LedgerCorrection,
  LedgerFill,
  LedgerReceipt,
  LedgerSettlement,
  LedgerSplit,
} from './ledger-entries.ts';
import { notionalMicros } from './money.ts';
import {
  type BookJson,
  type Execution,
  FLAT,
  type Position,
  PositionBook,
  type PositionRole,
} from './position-book.ts';

export type { Position, PositionRole } from './position-book.ts';

export interface LedgerResult {
  /** What this changed in realised profit, before fees. */
  readonly realizedMicros: number;
  /** False for a repeated execution, or one to bust or correct that the ledger no longer remembers. */
  readonly applied: boolean;
}

/** Price of a symbol in dollars, where there is one. */
export type MarkOf = (symbol: string) => number | undefined;

export interface LedgerJson {
  readonly cashMicros: number;
  readonly feesMicros: number;
  readonly declared: number;
  readonly splits: number;
  readonly books: readonly BookJson[];
  /** Only where cash came or went without a trade. */
  readonly received?: {
    readonly micros: number;
    readonly transferredMicros: number;
    readonly ids: readonly string[];
  };
}

/** Receipts remembered to know a repeated one: years of dividends, months of daily interest. */
const RECEIPTS_MAX = 1_000;

const ROLES: readonly PositionRole[] = ['core', 'hedge', 'tactical'];
const IGNORED: LedgerResult = { realizedMicros: 0, applied: false };

const bookKey = (symbol: string, role: PositionRole): string => `${symbol} ${role}`;
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const bySymbolThenRole = (a: Position, b: Position): number =>
  compareText(a.symbol, b.symbol) || compareText(a.role, b.role);

export class Ledger {
  #cashMicros: number;
  #feesMicros = 0;
  #realizedMicros = 0;
  #declared = 0;
  #splits = 0;
  #receivedMicros = 0;
  #transferredMicros = 0;
  readonly #receipts = new Set<string>();
  #books = new Map<string, PositionBook>();
  /** Open positions in order; null after a change, until somebody asks. */
  #open: readonly Position[] | null = [];

  constructor(cashMicros: number) {
    this.#cashMicros = cashMicros;
  }

  get cashMicros(): number {
    return this.#cashMicros;
  }
  get feesMicros(): number {
    return this.#feesMicros;
  }
  /** Realised profit before fees. */
  get realizedMicros(): number {
    return this.#realizedMicros;
  }

  /** Came or went without a trade: dividends, interest, fees, and what was paid in or out. */
  get receivedMicros(): number {
    return this.#receivedMicros;
  }
  /** Of it, what was paid in or out: no result of the account's. */
  get transferredMicros(): number {
    return this.#transferredMicros;
  }

  /** Cash that comes (or goes) without a trade. */
  receive({ id, micros, isTransfer }: LedgerReceipt): LedgerResult {
    if (id !== null && this.#receipts.has(id)) return IGNORED;
    if (id !== null) this.#receipts.add(id);
    if (this.#receipts.size > RECEIPTS_MAX) {
      const [oldest] = this.#receipts;
      this.#receipts.delete(oldest);
    }
    this.#cashMicros += micros;
    this.#receivedMicros += micros;
    if (isTransfer) this.#transferredMicros += micros;
    return { realizedMicros: 0, applied: true };
  }

  fill(fill: LedgerFill): LedgerResult {
    const { executionId, side, quantity, px, feeMicros } = fill;
    const book = this.#bookOf(fill);
    if (book.execution(executionId) !== undefined) return IGNORED;
    const execution = executionOf(side, quantity, px, feeMicros, book.position.multiplier);
    return this.#move(book, feeMicros, () => book.add(executionId, execution));
  }

  /** A holding the user declares is bought from the ledger's cash, free of fees. */
  declareCore(core: { symbol: string; quantity: number; px: number; multiplier: number }): void {
    this.#declared += 1;
    this.fill({
      ...core,
      executionId: `declared-${this.#declared}`,
      role: 'core',
      side: 'buy',
      feeMicros: 0,
    });
  }

  /** Takes a fill back: the books stand as if it had never been. */
  bust(executionId: string): LedgerResult {
    return this.#restate(executionId, 0, 0, 0);
  }

  /** Replaces a fill's quantity, price and fee: the books stand as if it had been so from the start. */
  correct({ executionId, lastQty, lastPx, feeMicros }: LedgerCorrection): LedgerResult {
    return this.#restate(executionId, lastQty, lastPx, feeMicros);
  }

  /**
   * Contracts leave the books at the option's price, and shares that change hands come in or go at the strike, in the same
   * role and free of fees. What ends in part goes by role in the order of their names; what ends beyond what is held stays
   * as a tactical position of the other sign, for the fill that is still to come. A fill that is busted later takes
   * nothing back of its settlement: both are the venue's word.
   */
  settle(settlement: LedgerSettlement): LedgerResult {
    const { settlementId, symbol, quantity, optionPx, underlying, multiplier, shares } = settlement;
    const parts = this.#partsOf(symbol, quantity);
    const known = (role: PositionRole) => this.#books.get(bookKey(symbol, role))?.execution(settlementId);
    if (ROLES.some((role) => known(role) !== undefined)) return IGNORED;
    let realizedMicros = 0;
    let [ended, delivered] = [0, 0];
    for (const [role, part] of parts) {
      const option = this.#bookOf({ symbol, role, multiplier });
      const leaving = signedExecution(-part, notionalMicros(-part, optionPx, multiplier));
      realizedMicros += this.#move(option, 0, () => option.add(settlementId, leaving)).realizedMicros;
      if (shares === 0) continue;
      ended += part;
      const units = onQuantityGrid((shares * ended) / quantity - delivered);
      delivered = onQuantityGrid(delivered + units);
      // One strike buys what one contract delivers, which after an uneven split is not its multiplier.
      const paid = Math.sign(units) * Math.abs(notionalMicros(part, settlement.strike, multiplier));
      const stock = this.#bookOf({ symbol: underlying, role, multiplier: settlement.underlyingMultiplier });
      realizedMicros += this.#move(stock, 0, () =>
        stock.add(settlementId, signedExecution(units, paid)),
      ).realizedMicros;
    }
    return { realizedMicros, applied: true };
  }

  /**
   * Units of the symbol count anew and contracts on it change their names; what was paid for them stays. Where fractions
   * are paid out, the account's sum is what must be whole: roles follow by rounding off as they add up.
   */
  split(split: LedgerSplit): void {
    const { symbol, numerator, denominator, cashInLieuPx } = split;
    this.#splits += 1;
    const executionId = `split-${this.#splits}`;
    let [before, after, paidMicros] = [0, 0, 0];
    const books = [...this.#books.values()].sort((a, b) => bySymbolThenRole(a.position, b.position));
    for (const book of books) {
      const { position } = book;
      if (position.symbol === symbol) {
        before = onQuantityGrid(before + position.quantity);
        const counted = onQuantityGrid((before * numerator) / denominator);
        const sum = cashInLieuPx === null ? counted : Math.trunc(counted);
        const paid =
          cashInLieuPx === null ? 0 : notionalMicros(sum - counted, cashInLieuPx, position.multiplier);
        const adjustment = {
          executionId,
          quantity: onQuantityGrid(sum - after),
          valueMicros: paid - paidMicros,
        };
        [after, paidMicros] = [sum, paid];
        this.#move(book, 0, () => book.split({ symbol, numerator, denominator }, adjustment));
        continue;
      }
      const renamed = split.renamed(position.symbol);
      if (renamed === undefined) continue;
      const by = { symbol: renamed.symbol, numerator: renamed.factor, denominator: 1 };
      const quantity = onQuantityGrid(position.quantity * renamed.factor);
      this.#move(book, 0, () => book.split(by, { executionId, quantity, valueMicros: 0 }));
    }
    this.#books = new Map(books.map((book) => [bookKey(book.position.symbol, book.position.role), book]));
    if (this.#books.size !== books.length) {
      throw new RangeError(`the split of ${symbol} gives two of its contracts one name`);
    }
  }

  /** A company trades under another symbol: its books go on under that. */
  rename(from: string, to: string): void {
    for (const role of ROLES) {
      const book = this.#books.get(bookKey(from, role));
      if (book === undefined || book.position.quantity === 0) continue;
      if (this.#books.has(bookKey(to, role))) {
        throw new RangeError(`${from} becomes ${to}, which the ledger holds already`);
      }
      const { quantity } = book.position;
      const sameUnits = { symbol: to, numerator: 1, denominator: 1 };
      book.split(sameUnits, { executionId: `renamed-${from}`, quantity, valueMicros: 0 });
      this.#books.delete(bookKey(from, role));
      this.#books.set(bookKey(to, role), book);
      this.#open = null;
    }
  }

  /** Open positions by symbol, then role. */
  positions(): readonly Position[] {
    return (this.#open ??= this.#collectOpen());
  }

  position(symbol: string, role: PositionRole): Position | undefined {
    const position = this.#books.get(bookKey(symbol, role))?.position;
    return position?.quantity === 0 ? undefined : position;
  }

  /** Cash and all positions at their marks; one without a mark counts at its cost. */
  equityMicros(markOf: MarkOf): number {
    const open = this.positions();
    let equity = this.#cashMicros;
    for (let i = 0; i < open.length; i++) equity += valueMicros(open[i], markOf);
    return equity;
  }

  /** Gross value of the positions that count, longs and shorts added up. */
  exposureMicros(markOf: MarkOf, counts: (position: Position) => boolean = () => true): number {
    let exposure = 0;
    for (const position of this.positions()) {
      if (counts(position)) exposure += Math.abs(valueMicros(position, markOf));
    }
    return exposure;
  }

  toJSON(): LedgerJson {
    const books = [...this.#books.values()].sort((a, b) => bySymbolThenRole(a.position, b.position));
    return {
      cashMicros: this.#cashMicros,
      feesMicros: this.#feesMicros,
      declared: this.#declared,
      splits: this.#splits,
      books: books.map((book) => book.toJSON()),
      ...(this.#receivedMicros === 0 && this.#receipts.size === 0 ? {} : { received: this.#received() }),
    };
  }

  static fromJSON(json: LedgerJson): Ledger {
    const ledger = new Ledger(json.cashMicros);
    ledger.#feesMicros = json.feesMicros;
    ledger.#declared = json.declared;
    ledger.#splits = json.splits;
    ledger.#receivedMicros = json.received?.micros ?? 0;
    ledger.#transferredMicros = json.received?.transferredMicros ?? 0;
    for (const id of json.received?.ids ?? []) ledger.#receipts.add(id);
    for (const book of json.books) {
      ledger.#books.set(bookKey(book.symbol, book.role), PositionBook.fromJSON(book));
      ledger.#realizedMicros += book.realizedMicros;
    }
    ledger.#open = null;
    return ledger;
  }

  #received(): LedgerJson['received'] {
    return {
      micros: this.#receivedMicros,
      transferredMicros: this.#transferredMicros,
      ids: [...this.#receipts],
    };
  }

  #bookOf({ symbol, role, multiplier }: Pick<LedgerFill, 'symbol' | 'role' | 'multiplier'>): PositionBook {
    const key = bookKey(symbol, role);
    let book = this.#books.get(key);
    if (book === undefined) {
      book = new PositionBook({ symbol, role, multiplier, ...FLAT });
      this.#books.set(key, book);
    }
    if (book.position.multiplier !== multiplier) {
      throw new RangeError(
        `a fill of ${symbol} has multiplier ${multiplier}; the ledger holds it with ${book.position.multiplier}`,
      );
    }
    return book;
  }

  #restate(executionId: string, quantity: number, px: number, feeMicros: number): LedgerResult {
    for (const book of this.#books.values()) {
      const old = book.execution(executionId);
      if (old === undefined) continue;
      const restated = executionOf(old.side, quantity, px, feeMicros, book.position.multiplier);
      return this.#move(book, feeMicros - old.feeMicros, () => book.restate(executionId, restated));
    }
    return IGNORED;
  }

  /** Which roles a settlement ends, and with how much each. */
  #partsOf(symbol: string, quantity: number): readonly (readonly [PositionRole, number])[] {
    const held = ROLES.map((role) => [role, this.position(symbol, role)?.quantity ?? 0] as const);
    const open = held.filter(([, each]) => each !== 0);
    if (onQuantityGrid(open.reduce((sum, [, each]) => sum + each, 0)) === quantity) return open;
    const parts = new Map<PositionRole, number>();
    let left = quantity;
    for (const [role, each] of open) {
      if (each * left <= 0) continue;
      const part = Math.sign(left) * Math.min(Math.abs(each), Math.abs(left));
      parts.set(role, part);
      left = onQuantityGrid(left - part);
    }
    if (left !== 0) parts.set('tactical', onQuantityGrid((parts.get('tactical') ?? 0) + left));
    return [...parts];
  }

  /** Lets a book change; cash follows from conservation. */
  #move(book: PositionBook, feeMicros: number, change: () => void): LedgerResult {
    const before = book.position;
    change();
    const now = book.position;
    const realizedMicros = now.realizedMicros - before.realizedMicros;
    this.#cashMicros += realizedMicros - feeMicros - (now.costMicros - before.costMicros);
    this.#feesMicros += feeMicros;
    this.#realizedMicros += realizedMicros;
    this.#open = null;
    return { realizedMicros, applied: true };
  }

  #collectOpen(): readonly Position[] {
    const open: Position[] = [];
    for (const book of this.#books.values()) if (book.position.quantity !== 0) open.push(book.position);
    return open.sort(bySymbolThenRole);
  }
}

function valueMicros({ symbol, quantity, costMicros, multiplier }: Position, markOf: MarkOf): number {
  const mark = markOf(symbol);
  return mark === undefined ? costMicros : notionalMicros(quantity, mark, multiplier);
}

function executionOf(
  side: Side,
  quantity: number,
  px: number,
  feeMicros: number,
  multiplier: number,
): Execution {
  const sign = sideSign(side);
  const valueMicros = quantity === 0 ? 0 : sign * notionalMicros(quantity, px, multiplier);
  return { side, quantity: quantity === 0 ? 0 : sign * quantity, valueMicros, feeMicros };
}

const signedExecution = (quantity: number, valueMicros: number): Execution => ({
  side: quantity < 0 ? 'sell' : 'buy',
  quantity,
  valueMicros,
  feeMicros: 0,
});
