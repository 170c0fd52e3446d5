/** Option chains written as the vendors' CSV files, quoted by a model of the test's own choosing. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configSchema } from '../../src/domain/config.ts';
import { dayToMicros, tradingSession } from '../../src/domain/exchange-calendar.ts';
import { modelledOptionQuote } from '../../src/domain/options/chain-model.ts';
import { daysToExpiry, makeContract } from '../../src/domain/options/contract.ts';
import { monthlyExpiries } from '../../src/domain/options/expiries.ts';
import { importFiles } from '../../src/engine/ingest.ts';
import type { DayBar } from '../../src/testing/dataset-of.ts';

const { options } = configSchema.parse({});
const flatOptions = { ...options, model: { ...options.model, skew: 0 } };

const HEADER =
  'underlying,underlying_last, exchange,optionroot,optionext,type,expiration,quotedate,strike,last,bid,ask,volume,openinterest,impliedvol,optionalias';

/** One line of such a file. */
export interface QuoteLine {
  readonly underlying?: string;
  readonly px?: number | '';
  readonly right: string;
  readonly expiry: string;
  readonly day: string;
  readonly strike: number | string;
  readonly bid: number | string;
  readonly ask: number | string;
  readonly openInterest?: number | string;
  readonly impliedVol?: number | string;
  readonly alias?: string;
}

export const csvOf = (lines: readonly QuoteLine[]): string =>
  [
    HEADER,
    ...lines.map((line) =>
      [
        line.underlying ?? 'A',
        line.px ?? 100,
        '*',
        line.underlying ?? 'A',
        '',
        line.right,
        line.expiry,
        line.day,
        line.strike,
        0,
        line.bid,
        line.ask,
        0,
        line.openInterest ?? 500,
        line.impliedVol ?? 0,
        line.alias ?? '',
      ].join(','),
    ),
  ].join('\n');

/** Calls and puts at every close: two months out, strikes five dollars apart around the price, at a flat volatility. */
export function chainOf(bars: readonly DayBar[], volOf: (i: number) => number): QuoteLine[] {
  return bars.flatMap(({ day, close }, i) => {
    const now = tradingSession('XNYS', day)!.close;
    const until = new Date((dayToMicros(day) + 75 * 86_400_000_000) / 1_000).toISOString().slice(0, 10);
    return monthlyExpiries(day, until).flatMap((expiry) => {
      if (daysToExpiry({ expiry } as Parameters<typeof daysToExpiry>[0], day) < 3) return [];
      const middle = Math.round(close / 5) * 5;
      return [-15, -10, -5, 0, 5, 10, 15].flatMap((away) =>
        (['call', 'put'] as const).map((right) => {
          const strike = middle + away;
          const contract = makeContract({ root: 'A', expiry, right, strike }, { underlying: 'A' });
          const { bidPx, askPx } = modelledOptionQuote(contract, close, volOf(i), now, flatOptions)!;
          return { px: close, right, expiry, day, strike, bid: bidPx, ask: askPx };
        }),
      );
    });
  });
}

/** Imports a chain's text into a dataset of a folder. */
export function importChain(folder: string, text: string, over: { symbols?: string[]; name?: string } = {}) {
  const { symbols = [], name = 'chain' } = over;
  const file = join(folder, `${name}.csv`);
  const out = join(folder, `${name}.db`);
  writeFileSync(file, text);
  return { out, result: importFiles({ files: [file], symbols, kind: 'options', out }) };
}

/** Day bars as a dataset in a file. */
export function importPrices(folder: string, bars: readonly DayBar[], symbol = 'A'): string {
  const file = join(folder, 'prices.csv');
  const out = join(folder, 'prices.db');
  const lines = bars.map(({ day, open, high, low, close, volume }) =>
    [day, open, high, low, close, volume].join(','),
  );
  writeFileSync(file, ['date,open,high,low,close,volume', ...lines].join('\n'));
  importFiles({ files: [file], symbols: [symbol], out, overwrite: true });
  return out;
}
