/** A backtest's result as a short table for the terminal, buy and hold beside it, with what it rests on and its caveats. */
import Table from 'cli-table3';
import pc from 'picocolors';
import type { BacktestResult } from '../../replay/backtest.ts';
import { days, grouped, money, NOTHING, percent, plain } from '../../replay/format.ts';
import type { CurveMetrics } from '../../replay/metrics.ts';
import type { BacktestSummary } from '../../replay/summary.ts';

const WARNINGS_SHOWN = 6;
const WIDTH = 80;

const signed = (value: number | null, text: string): string =>
  value === null ? text : value < 0 ? pc.red(text) : pc.green(text);

const FRAME = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** The whole text, without a trailing newline. Colours follow the terminal; widths do not depend on them. */
export function resultTable(summary: BacktestSummary): string {
  const { benchmark } = summary;
  const table = new Table({
    head: [
      '',
      pc.bold(summary.strategy),
      ...(benchmark === null ? [] : [pc.bold(`hold ${benchmark.symbol}`)]),
    ],
    colAligns: ['left', 'right', 'right'],
    chars: FRAME,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  const row = (name: string, own: string, other = '') =>
    table.push([pc.dim(name), own, ...(benchmark === null ? [] : [other])]);
  const both = (name: string, show: (of: CurveMetrics) => string) =>
    row(name, show(summary), benchmark === null ? '' : show(benchmark));

  row('final equity', money(summary.finalEquity), benchmark === null ? '' : money(benchmark.finalEquity));
  both('return', ({ roi }) => signed(roi, percent(roi)));
  both('a year (CAGR)', ({ cagr }) => signed(cagr, percent(cagr, 2)));
  both('volatility', ({ volatility }) => percent(volatility));
  both('deepest drawdown', ({ maxDrawdown }) => percent(maxDrawdown));
  both('longest drawdown', ({ maxDrawdownDays }) => days(maxDrawdownDays));
  both('Sharpe', ({ sharpe }) => plain(sharpe));
  both('Sortino', ({ sortino }) => plain(sortino));
  both('Calmar', ({ calmar }) => plain(calmar));
  row('trades', `${summary.tradeCount} (${plain(summary.tradesPerYear, 1)} a year)`);
  row('won', percent(summary.winRate));
  row('profit factor', plain(summary.profitFactor));
  row(
    'average trade',
    summary.expectancy === null ? NOTHING : signed(summary.expectancy, money(summary.expectancy)),
  );
  row('time in the market', percent(summary.exposure));
  row('fees', money(summary.fees));

  return [
    `${pc.bold(summary.dataset)}  ${summary.from ?? NOTHING} to ${summary.to ?? NOTHING}, ` +
      `${grouped(summary.bars)} bars, ${money(summary.startCash)} at the start`,
    '',
    table.toString(),
    ...openPositions(summary),
    ...section('What is modelled', summary.modelled),
    ...section('Mind', shortened(summary.warnings), pc.yellow),
  ].join('\n');
}

function openPositions({ positions }: BacktestSummary): string[] {
  const held = positions.map(
    ({ symbol, role, quantity, value }) => `${quantity} ${symbol} (${role}), worth ${money(value)}`,
  );
  return section('Still held', shortened(held));
}

/** Why each symbol was left alone, or not, at the last close. */
export const quietLines = (quiet: BacktestResult['quiet']): string[] =>
  section(
    'At the last close',
    shortened(quiet.map(({ symbol, choice, reason }) => `${symbol}: ${choice}, because ${reason}`)),
  );

const section = (
  title: string,
  lines: readonly string[],
  paint: (text: string) => string = pc.dim,
): string[] =>
  lines.length === 0 ? [] : ['', pc.bold(title), ...lines.flatMap(wrapped).map((line) => paint(line))];

const shortened = (lines: readonly string[]): string[] =>
  lines.length <= WARNINGS_SHOWN
    ? [...lines]
    : [...lines.slice(0, WARNINGS_SHOWN), `and ${lines.length - WARNINGS_SHOWN} more, in the report`];

/** A line at most a terminal wide, broken between words; what follows the first part stands further in. */
function wrapped(line: string): string[] {
  const parts: string[] = [];
  let part = ' ';
  for (const word of line.split(' ')) {
    if (part.length + 1 + word.length > WIDTH && part.trim() !== '') {
      parts.push(part);
      part = '   ';
    }
    part += ` ${word}`;
  }
  return [...parts, part];
}
