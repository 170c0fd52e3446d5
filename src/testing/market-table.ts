/** A market as a few lines for people: what a failing property prints. */
import type { TestMarket } from './arbitrary-market.ts';
import type { DayBar, IntradayBar } from './dataset-of.ts';

const HEADINGS = ['when', 'symbol', 'open', 'high', 'low', 'close', 'volume', ''] as const;

/** Bars in order of arrival, aligned; one that comes late says when. */
export function marketTable(market: TestMarket): string {
  const rows = Object.entries(market)
    .flatMap(([symbol, { bars = [] }]) => bars.map((bar) => ({ symbol, bar, when: whenOf(bar) })))
    .sort((a, b) => (a.when < b.when ? -1 : a.when > b.when ? 1 : 0))
    .map(({ symbol, bar, when }) => {
      const { open, high, low, close, volume = 0, recordedAt } = bar;
      const late = recordedAt === undefined ? '' : `arrives ${iso(recordedAt)}`;
      return [when, symbol, ...[open, high, low, close, volume].map(String), late];
    });
  if (rows.length === 0) return '(no bars)';
  const table = [[...HEADINGS], ...rows];
  const widths = HEADINGS.map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const pad = (cell: string, column: number) =>
    column < 2 || column === HEADINGS.length - 1
      ? cell.padEnd(widths[column])
      : cell.padStart(widths[column]);
  return table.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

const whenOf = (bar: DayBar | IntradayBar): string => ('day' in bar ? bar.day : iso(bar.time));

const iso = (time: number): string => new Date(time / 1_000).toISOString().slice(0, 19);
