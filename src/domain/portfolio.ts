/**
 * The account's books in integer micro-dollars: cash, and one position per symbol and role at average cost. After every
 * fill, bust and correction, cash = start + realised - fees - cost of open positions, exactly.
 *
 * Rounding: a fill is worth quantity x px x multiplier, px and the product each rounded once to a micro. Where a fill
 * closes part of a position, the cost it releases is cost x closed / held, rounded to a micro (all of it at flat); where
 * it crosses zero, the value of the closing part is rounded likewise and the rest opens. What rounding moves therefore
 * passes between realised profit and cost, never into or out of the sum.
 */
import { onQuantityGrid, type Side, sideSign } from './instrument.ts';
import { notionalMicros } from './money.ts';

export type PositionRole = 'tactical' | 'core' | 'hedge';

/** What is held of one symbol in one role. A snapshot: a later fill makes a new one. */
export interface Position {
  readonly symbol: string;
  readonly role: PositionRole;
  /** Units; negative is short. */
  readonly quantity: number;
  /** Paid for what is held, fees apart; negative is what a short brought in. */
  readonly costMicros: number;
  /** Realised in this symbol and role since the ledger began, before fees. */
  readonly realizedMicros: number;
  readonly multiplier: number;
}

export interface LedgerFill {
  /** Unique at its venue; a repeated one changes nothing. */
  readonly executionId: string;
  readonly symbol: string;
  readonly role: PositionRole;
  readonly side: Side;
  readonly quantity: number;
  readonly px: number;
  readonly feeMicros: number;
  readonly multiplier: number;
}

export interface LedgerCorrection {
  readonly executionId: string;
  readonly lastQty: number;
  readonly lastPx: number;
  readonly feeMicros: number;
}

export interface LedgerResult {
  /** What this changed in realised profit, before fees. */
  readonly realizedMicros: number;
  /** False for a repeated execution, or one to bust or correct that the ledger no longer remembers. */
  readonly applied: boolean;
}

/** Price of a symbol in dollars, where there is one. */
export type MarkOf = (symbol: string) => number | undefined;

/** A fill as remembered: signed quantity, what it cost (negative: brought in), its fee. */
interface Execution {
  readonly side: Side;
  readonly quantity: number;
  readonly valueMicros: number;
  readonly feeMicros: number;
}

interface Holding {
  readonly quantity: number;
  readonly costMicros: number;
  readonly realizedMicros: number;
}

/** One symbol in one role: where it stood before the oldest remembered execution, those executions, where it stands. */
interface Book {
  base: Holding;
  readonly executions: Map<string, Execution>;
  position: Position;
}

interface BookJson extends Position {
  readonly base: Holding;
  readonly executions: readonly (Execution & { readonly executionId: string })[];
}

export interface LedgerJson {
  readonly cashMicros: number;
  readonly feesMicros: number;
  readonly declared: number;
  readonly books: readonly BookJson[];
}

const FLAT: Holding = { quantity: 0, costMicros: 0, realizedMicros: 0 };
const IGNORED: LedgerResult = { realizedMicros: 0, applied: false };

/**
 * Executions a book keeps for busts, corrections and repeats; past twice as many the oldest are folded into its base.
 * Venues bust on the day; a thousand fills of one symbol are many days' worth.
 */
const REMEMBERED = 1_000;

function applyExecution(held: Holding, { quantity, valueMicros }: Execution): Holding {
  const total = onQuantityGrid(held.quantity + quantity);
  if (held.quantity * quantity >= 0) {
    return {
      quantity: total,
      costMicros: held.costMicros + valueMicros,
      realizedMicros: held.realizedMicros,
    };
  }
  const closed = Math.min(Math.abs(held.quantity), Math.abs(quantity));
  const share = (micros: number, of: number) => (closed === of ? micros : Math.round((micros * closed) / of));
  const released = share(held.costMicros, Math.abs(held.quantity));
  const closing = share(valueMicros, Math.abs(quantity));
  return {
    quantity: total,
    costMicros: held.costMicros - released + (valueMicros - closing),
    realizedMicros: held.realizedMicros - closing - released,
  };
}

const bookKey = (symbol: string, role: PositionRole): string => `${symbol} ${role}`;
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const bySymbolThenRole = (a: Position, b: Position): number =>
  compareText(a.symbol, b.symbol) || compareText(a.role, b.role);

export class Ledger {
  #cashMicros: number;
  #feesMicros = 0;
  #realizedMicros = 0;
  #declared = 0;
  readonly #books = new Map<string, Book>();
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

  fill(fill: LedgerFill): LedgerResult {
    const book = this.#bookOf(fill);
    if (book.executions.has(fill.executionId)) return IGNORED;
    const execution = this.#execution(book, fill.side, fill.quantity, fill.px, fill.feeMicros);
    book.executions.set(fill.executionId, execution);
    const result = this.#settle(book, applyExecution(book.position, execution), execution.feeMicros);
    if (book.executions.size > 2 * REMEMBERED) forgetOldest(book);
    return result;
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

  /** Gross value of what is held, longs and shorts added up, of one role or symbol where given. */
  exposureMicros(
    markOf: MarkOf,
    only: { readonly role?: PositionRole; readonly symbol?: string } = {},
  ): number {
    let exposure = 0;
    for (const position of this.positions()) {
      if (only.role !== undefined && only.role !== position.role) continue;
      if (only.symbol !== undefined && only.symbol !== position.symbol) continue;
      exposure += Math.abs(valueMicros(position, markOf));
    }
    return exposure;
  }

  toJSON(): LedgerJson {
    const books = [...this.#books.values()].sort((a, b) => bySymbolThenRole(a.position, b.position));
    return {
      cashMicros: this.#cashMicros,
      feesMicros: this.#feesMicros,
      declared: this.#declared,
      books: books.map((book) => ({
        ...book.position,
        base: book.base,
        executions: Array.from(book.executions, ([executionId, execution]) => ({
          executionId,
          ...execution,
        })),
      })),
    };
  }

  static fromJSON(json: LedgerJson): Ledger {
    const ledger = new Ledger(json.cashMicros);
    ledger.#feesMicros = json.feesMicros;
    ledger.#declared = json.declared;
    for (const { base, executions, ...position } of json.books) {
      const remembered = executions.map(({ executionId, ...execution }) => [executionId, execution] as const);
      ledger.#books.set(bookKey(position.symbol, position.role), {
        base,
        executions: new Map(remembered),
        position,
      });
      ledger.#realizedMicros += position.realizedMicros;
    }
    ledger.#open = null;
    return ledger;
  }

  #bookOf({ symbol, role, multiplier }: LedgerFill): Book {
    const key = bookKey(symbol, role);
    let book = this.#books.get(key);
    if (book === undefined) {
      book = { base: FLAT, executions: new Map(), position: { symbol, role, multiplier, ...FLAT } };
      this.#books.set(key, book);
    }
    if (book.position.multiplier !== multiplier) {
      throw new RangeError(
        `a fill of ${symbol} has multiplier ${multiplier}; the ledger holds it with ${book.position.multiplier}`,
      );
    }
    return book;
  }

  #execution(book: Book, side: Side, quantity: number, px: number, feeMicros: number): Execution {
    const sign = sideSign(side);
    const value = quantity === 0 ? 0 : sign * notionalMicros(quantity, px, book.position.multiplier);
    return { side, quantity: quantity === 0 ? 0 : sign * quantity, valueMicros: value, feeMicros };
  }

  #restate(executionId: string, quantity: number, px: number, feeMicros: number): LedgerResult {
    for (const book of this.#books.values()) {
      const old = book.executions.get(executionId);
      if (old === undefined) continue;
      const restated = this.#execution(book, old.side, quantity, px, feeMicros);
      book.executions.set(executionId, restated);
      let holding = book.base;
      for (const execution of book.executions.values()) holding = applyExecution(holding, execution);
      return this.#settle(book, holding, restated.feeMicros - old.feeMicros);
    }
    return IGNORED;
  }

  /** Moves a book to where it now stands; cash follows from conservation. */
  #settle(book: Book, now: Holding, feeMicros: number): LedgerResult {
    const before = book.position;
    const realizedMicros = now.realizedMicros - before.realizedMicros;
    this.#cashMicros += realizedMicros - feeMicros - (now.costMicros - before.costMicros);
    this.#feesMicros += feeMicros;
    this.#realizedMicros += realizedMicros;
    book.position = { symbol: before.symbol, role: before.role, multiplier: before.multiplier, ...now };
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

function forgetOldest(book: Book): void {
  let surplus = book.executions.size - REMEMBERED;
  for (const [executionId, execution] of book.executions) {
    if (surplus-- === 0) break;
    book.base = applyExecution(book.base, execution);
    book.executions.delete(executionId);
  }
}
