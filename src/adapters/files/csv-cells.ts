/** The cells of one CSV line by field, read as what they have to be; what they cannot be is a reason to leave the line out. */
import type { Field } from './csv-columns.ts';
import { type CsvFormat, cellsOf } from './csv-format.ts';

/** A reason to leave a line out. */
export class BadLine extends Error {}

export function safeCells(text: string, delimiter: string): string[] {
  try {
    return cellsOf(text, delimiter);
  } catch (error) {
    throw new BadLine(`its quotes do not close (${(error as Error).message})`);
  }
}

export class Cells {
  readonly all: readonly string[];
  readonly #columns: CsvFormat['columns'];

  constructor(all: readonly string[], format: CsvFormat) {
    this.all = all;
    this.#columns = format.columns;
  }

  text(field: Field): string {
    const at = this.#columns[field];
    return at === undefined ? '' : (this.all[at]?.trim() ?? '');
  }

  /** NaN where the cell is empty or the file has no such column. */
  number(field: Field): number {
    const text = this.text(field);
    if (text === '') return Number.NaN;
    const value = Number(text);
    if (!Number.isFinite(value)) throw new BadLine(`${field} "${text}" is not a number`);
    return value;
  }

  price(field: Field, scale: number): number {
    const value = this.number(field);
    if (Number.isNaN(value)) throw new BadLine(`${field} is missing`);
    if (value <= 0) throw new BadLine(`${field} is ${value}; prices are above zero`);
    return scale === 1 ? value : Math.round(value * scale * 1e6) / 1e6;
  }

  /** A size, volume or average price: 0 where there is none. */
  amount(field: Field): number {
    const value = this.number(field);
    if (value < 0) throw new BadLine(`${field} is ${value}; it cannot be negative`);
    return value || 0;
  }
}
