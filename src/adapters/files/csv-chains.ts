/**
 * Turns the lines of CSV files into quotes of option contracts. What a market can show is kept, also what nobody should
 * trade on: no bid, stubs, no open interest. What cannot be is reported with its reason and left out.
 */
import { civilDay, sessionOfDayOrDefault } from '../../domain/exchange-calendar.ts';
import { makeContract, type OptionContract } from '../../domain/options/contract.ts';
import { rootOf } from '../../domain/options/contract-catalogue.ts';
import { settlementTime } from '../../domain/options/expiries.ts';
import {
  type OccFields,
  type OptionRight,
  parseCompactOcc,
  parseOcc,
} from '../../domain/options/occ-symbol.ts';
import { BadLine, Cells, safeCells } from './csv-cells.ts';
import { type CsvFormat, momentOf } from './csv-format.ts';
import { textLines } from './text-lines.ts';
import { TimeReader } from './time-stamp.ts';

export interface ChainLine {
  readonly file: string;
  readonly line: number;
  /** Microseconds; where the line names only a day, the close of its session. */
  readonly at: number;
  readonly atClose: boolean;
  readonly contract: OptionContract;
  /** Dollars; 0 where nobody quotes that side. */
  readonly bidPx: number;
  readonly askPx: number;
  readonly bidSize: number;
  readonly askSize: number;
  /** Contracts; null where the line does not say. */
  readonly openInterest: number | null;
  /** Dollars; null where the line does not say. */
  readonly underlyingPx: number | null;
}

interface ChainContext {
  /** What the underlying of these files is called; null where the lines say so themselves. */
  readonly underlying: string | null;
  reject(file: string, line: number, reason: string): void;
}

/** The lines of one file, as they stand in it. */
export function* chainLines(format: CsvFormat, context: ChainContext): Generator<ChainLine> {
  const { file, delimiter, columns, dataFrom } = format;
  const times = new TimeReader(format.tz);
  const contracts = new ContractReader(context.underlying);
  for (const { line, text } of textLines(file)) {
    if (line < dataFrom) continue;
    try {
      const cells = new Cells(safeCells(text, delimiter), format);
      const moment = momentOf(cells.all, columns);
      if (!times.read(moment)) throw new BadLine(`"${moment}" is no time`);
      const { dateOnly: atClose, time, day } = times.stamp;
      if (day <= 0) throw new BadLine(`"${moment}" is before 1970-01-02, where the clock begins`);
      const at = atClose ? sessionOfDayOrDefault('XNYS', civilDay(day)).close : time;
      const contract = contracts.read(cells);
      if (at > settlementTime(contract)) {
        const settled = new Date(settlementTime(contract) / 1_000).toISOString();
        throw new BadLine(`${contract.symbol} settled at ${settled}, before it is quoted at ${moment}`);
      }
      const bidPx = cells.amount('bidPx');
      const askPx = cells.amount('askPx');
      if (askPx > 0 && bidPx > askPx) throw new BadLine(`bidPx ${bidPx} is above askPx ${askPx}`);
      yield {
        file,
        line,
        at,
        atClose,
        contract,
        bidPx,
        askPx,
        bidSize: cells.amount('bidSize'),
        askSize: cells.amount('askSize'),
        openInterest: countOf(cells),
        underlyingPx: cells.amount('underlyingPx') || null,
      };
    } catch (error) {
      if (!(error instanceof BadLine)) throw error;
      context.reject(file, line, error.message);
    }
  }
}

function countOf(cells: Cells): number | null {
  if (cells.text('openInterest') === '') return null;
  const count = cells.amount('openInterest');
  if (!Number.isInteger(count)) throw new BadLine(`openInterest ${count} is no whole number of contracts`);
  return count;
}

/** What a line says of its contract, in its own symbol or in parts; contracts of one file are made once. */
class ContractReader {
  readonly #called: string | null;
  readonly #expiries = new TimeReader('UTC');
  readonly #made = new Map<string, OptionContract>();
  #underlying: string | undefined;

  constructor(called: string | null) {
    this.#called = called;
  }

  read(cells: Cells): OptionContract {
    const either = cells.text('symbol');
    const isContract = looksLikeOcc(either);
    const symbol = cells.text('contract') || (isContract ? either : '');
    const named = cells.text('underlying') || (isContract ? '' : either);
    const parts = this.#parts(cells, named);
    const fields = symbol === '' ? parts : fromSymbol(symbol, parts);
    const { root, expiry, right, strike } = fields;
    if (root === undefined || expiry === undefined || right === undefined || strike === undefined) {
      throw new BadLine('it names no contract: it needs a symbol, or underlying, expiry, right and strike');
    }
    const key = `${named} ${root} ${expiry} ${right} ${strike}`;
    let contract = this.#made.get(key);
    if (contract === undefined) {
      contract = this.#make({ root, expiry, right, strike }, named);
      this.#made.set(key, contract);
    }
    return contract;
  }

  #parts(cells: Cells, named: string): Partial<OccFields> {
    const expiry = cells.text('expiry');
    if (expiry !== '' && !this.#expiries.read(expiry)) throw new BadLine(`expiry "${expiry}" is no day`);
    const strike = cells.number('strike');
    const right = cells.text('right');
    return {
      root: cells.text('root') || (rootOf(named) ?? undefined),
      expiry: expiry === '' ? undefined : civilDay(this.#expiries.stamp.day),
      right: right === '' ? undefined : rightOf(right),
      strike: Number.isNaN(strike) ? undefined : strike,
    };
  }

  #make(fields: OccFields, named: string): OptionContract {
    try {
      const underlying = named || makeContract(fields).underlying;
      this.#underlying ??= underlying;
      if (this.#called !== null && underlying !== this.#underlying) {
        throw new BadLine(
          `its underlying is "${underlying}", but the file began with "${this.#underlying}": leave out --symbol to keep both`,
        );
      }
      // A name that merely has a digit in it is not that of an adjusted contract.
      const standard = fields.root === rootOf(underlying) ? { deliverable: 100 } : {};
      return makeContract(fields, { ...standard, underlying: this.#called ?? underlying });
    } catch (error) {
      if (error instanceof RangeError) throw new BadLine(error.message);
      throw error;
    }
  }
}

const looksLikeOcc = (text: string): boolean => /\d{6}[CP]\d{8}$/.test(text);

function rightOf(text: string): OptionRight {
  const letter = text.toLowerCase();
  if (letter === 'c' || letter === 'call') return 'call';
  if (letter === 'p' || letter === 'put') return 'put';
  throw new BadLine(`right "${text}" is neither call nor put`);
}

/** The symbol decides; what stands beside it must not say otherwise. */
function fromSymbol(symbol: string, { expiry, right, strike }: Partial<OccFields>): OccFields {
  const parsed = symbol.length === 21 && symbol.includes(' ') ? parseOcc(symbol) : parseCompactOcc(symbol);
  if (!parsed.ok) throw new BadLine(parsed.reason);
  const differ = (name: string, own: unknown, beside: unknown) => {
    if (beside !== undefined && beside !== own)
      throw new BadLine(`${symbol} says ${name} ${own}, but the line says ${beside}`);
  };
  differ('expiry', parsed.expiry, expiry);
  differ('right', parsed.right, right);
  differ('strike', parsed.strike, strike);
  return parsed;
}
