/** A backtest's result as short tables for the terminal, buy and hold beside it, with what it rests on and its caveats. */
import Table from 'cli-table3';
import pc from 'picocolors';
import type { BacktestResult } from '../../replay/backtest.ts';
import { days, grouped, money, NOTHING, percent, plain } from '../../replay/format.ts';
import type { CurveMetrics } from '../../replay/metrics.ts';
import { type BacktestSummary, chainSentence } from '../../replay/summary.ts';
import { type Twin, twinName } from '../../replay/twin.ts';
import { plainTable } from './plain-table.ts';

const WARNINGS_SHOWN = 6;
const BREAKDOWNS_SHOWN = 6;
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
export function resultTable(
  summary: BacktestSummary,
  twin: Pick<Twin, 'label' | 'summary'> | null = null,
): string {
  const { benchmark } = summary;
  const beside: { name: string; of: CurveMetrics & { readonly finalEquity: number } }[] = [];
  if (twin !== null) beside.push({ name: twinName(twin), of: twin.summary });
  if (benchmark !== null) beside.push({ name: `hold ${benchmark.symbol}`, of: benchmark });
  const table = new Table({
    head: ['', pc.bold(summary.strategy), ...beside.map(({ name }) => pc.bold(name))],
    colAligns: ['left', 'right', 'right', 'right'],
    chars: FRAME,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  const row = (name: string, own: string, other?: string) =>
    table.push([pc.dim(name), own, ...beside.map((_, i) => (twin !== null && i === 0 ? (other ?? '') : ''))]);
  const both = (name: string, show: (of: CurveMetrics & { readonly finalEquity: number }) => string) =>
    table.push([pc.dim(name), show(summary), ...beside.map(({ of }) => show(of))]);

  both('final equity', ({ finalEquity }) => money(finalEquity));
  both('return', ({ roi }) => signed(roi, percent(roi)));
  both('a year (CAGR)', ({ cagr }) => signed(cagr, percent(cagr, 2)));
  both('volatility', ({ volatility }) => percent(volatility));
  both('deepest drawdown', ({ maxDrawdown }) => percent(maxDrawdown));
  both('longest drawdown', ({ maxDrawdownDays }) => days(maxDrawdownDays));
  both('Sharpe', ({ sharpe }) => plain(sharpe));
  both('Sortino', ({ sortino }) => plain(sortino));
  both('Calmar', ({ calmar }) => plain(calmar));
  const traded = (name: string, show: (of: BacktestSummary) => string) =>
    row(name, show(summary), twin === null ? undefined : show(twin.summary));
  traded('trades', ({ tradeCount, tradesPerYear }) => `${tradeCount} (${plain(tradesPerYear, 1)} a year)`);
  traded('won', ({ winRate }) => percent(winRate));
  traded('profit factor', ({ profitFactor }) => plain(profitFactor));
  traded('average trade', ({ expectancy }) =>
    expectancy === null ? NOTHING : signed(expectancy, money(expectancy)),
  );
  traded('time in the market', ({ exposure }) => percent(exposure));
  traded('fees', ({ fees }) => money(fees));
  const chains = chainSentence(summary);

  return [
    `${pc.bold(summary.dataset)}  ${summary.from ?? NOTHING} to ${summary.to ?? NOTHING}, ` +
      `${grouped(summary.bars)} bars, ${money(summary.startCash)} at the start`,
    ...(chains === null ? [] : [pc.yellow(chains)]),
    '',
    table.toString(),
    ...decisionLines(summary),
    ...hedgeLines(summary),
    ...executionLines(summary),
    ...openPositions(summary),
    ...section('What is modelled', summary.modelled),
    ...section('Mind', shortened(summary.warnings), pc.yellow),
  ].join('\n');
}

const under = (title: string, table: string): string[] => [
  '',
  pc.bold(title),
  ...table.split('\n').map((line) => `  ${line}`),
];
const RIGHT = Array.from({ length: 8 }, () => 'right' as const);

function decisionLines({ decisions }: BacktestSummary): string[] {
  const kinds = Object.entries(decisions);
  if (kinds.length === 0) return [];
  const rows = kinds.map(([kind, row]) => [
    kind,
    grouped(row.tradeCount),
    percent(row.winRate),
    signed(row.pnl, money(row.pnl)),
    money(row.expectancy),
    plain(row.averageDays, 0),
  ]);
  return under(
    'What was traded',
    plainTable(['', 'trades', 'won', 'profit', 'average', 'days held'], rows, ['left', ...RIGHT]),
  );
}

/** The breakdowns in which puts earned or cost most. */
function hedgeLines({ hedges }: BacktestSummary): string[] {
  if (hedges === null || hedges.breakdowns.length === 0) return [];
  const { breakdowns, premium, pnl } = hedges;
  const rolls = breakdowns.reduce((sum, each) => sum + each.rolls.length, 0);
  const largest = [...breakdowns]
    .sort((a, b) => Math.abs(b.pnl) - Math.abs(a.pnl))
    .slice(0, BREAKDOWNS_SHOWN);
  const rows = breakdowns
    .filter((each) => largest.includes(each))
    .map((each) => [
      each.entered,
      each.ended ?? 'still held',
      money(each.premium),
      signed(each.pnl, money(each.pnl)),
      percent(each.drawdown),
      percent(each.drawdownUnhedged),
    ]);
  const count = `${breakdowns.length} breakdowns, ${rolls} rolls; premium ${money(premium)}, result ${money(pnl)}`;
  const head = ['entered', 'until', 'premium', 'earned', 'drawdown', 'without puts'];
  return under(`Hedges: ${count}`, plainTable(head, rows, ['left', 'left', ...RIGHT]));
}

function executionLines({ execution }: BacktestSummary): string[] {
  const kinds = Object.entries(execution);
  if (kinds.length === 0) return [];
  const rows = kinds.map(([kind, row]) => [
    kind,
    grouped(row.intents),
    money(row.value),
    percent(row.slippage, 3),
    percent(row.spreadSaved, 0),
    plain(row.secondsToFill, 1),
  ]);
  const head = ['', 'intents', 'traded', 'beyond middle', 'spread saved', 'seconds'];
  return under('How orders were filled', plainTable(head, rows, ['left', ...RIGHT]));
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
