/** The report's tables: results beside buy and hold, months, regimes, instruments, trades, quiet symbols. */

import type { Trade } from '../../src/projections/round-trips.ts';
import type { RunProjection } from '../../src/projections/run-projection.ts';
import { regimeRegions } from '../../src/projections/run-records.ts';
import { amount, change, days, grouped, money, NOTHING, percent, plain } from '../format.ts';
import type { CurveMetrics } from '../metrics.ts';
import type { BacktestSummary } from '../summary.ts';
import type { MonthRow } from '../tables.ts';
import { type Twin, twinName } from '../twin.ts';
import { type Html, html } from './html.ts';
import { quietRows } from './quiet-days.ts';

/** Trades listed in full; of more, the last ones. The log has them all. */
const TRADES_SHOWN = 1_000;
const INSTRUMENTS_SHOWN = 200;

const tone = (value: number | null): string =>
  value === null || value === 0 ? '' : value > 0 ? 'gain' : 'loss';
export const toned = (value: number | null, text: string): Html =>
  html`<td class="${tone(value)}">${text}</td>`;

/** Why a trade ended, as a person says it. */
const EXITS: Readonly<Record<string, string>> = {
  premiumLoss: 'half the premium lost',
  protectiveStop: 'protective stop',
  expiry: 'near expiry',
  regime: 'trend left its state',
  cashSettled: 'settled in cash',
};

export const exitText = (reason: string): string => EXITS[reason] ?? (reason || NOTHING);

/** An instant, to the day for daily runs and to the minute for the others, UTC. */
const stamp = (run: RunProjection, time: number): string => {
  const iso = new Date(time / 1_000).toISOString();
  return run.intraday ? iso.slice(0, 16).replace('T', ' ') : iso.slice(0, 10);
};

type Compared = CurveMetrics & { readonly finalEquity: number };

export function headline(summary: BacktestSummary, twin: Twin | null): Html {
  const { benchmark } = summary;
  const beside: { readonly name: string; readonly of: Compared }[] = [];
  if (twin !== null) beside.push({ name: twinName(twin), of: twin.summary });
  if (benchmark !== null) beside.push({ name: `hold ${benchmark.symbol}`, of: benchmark });
  const row = (name: string, show: (of: Compared) => string) =>
    html`<tr><th>${name}</th><td>${show(summary)}</td>${beside.map(({ of }) => html`<td class="muted">${show(of)}</td>`)}</tr>`;
  return html`<div class="columns">
<div><h3>Return and risk</h3><div class="wide"><table class="lead"><thead><tr><th></th><th>${summary.strategy}</th>${beside.map(({ name }) => html`<th>${name}</th>`)}</tr></thead><tbody>
${row('Final equity', ({ finalEquity }) => money(finalEquity))}
${row('Return', ({ roi }) => change(roi))}
${row('A year, compounded', ({ cagr }) => change(cagr, 2))}
${row('Volatility, a year', ({ volatility }) => percent(volatility))}
${row('Deepest drawdown', ({ maxDrawdown }) => percent(maxDrawdown))}
${row('Longest drawdown', ({ maxDrawdownDays }) => days(maxDrawdownDays))}
${row('Sharpe', ({ sharpe }) => plain(sharpe))}
${row('Sortino', ({ sortino }) => plain(sortino))}
${row('Calmar', ({ calmar }) => plain(calmar))}
</tbody></table></div></div>
<div><h3>Trading</h3><table><tbody>
<tr><th>Trades</th><td>${grouped(summary.tradeCount)} (${plain(summary.tradesPerYear, 1)} a year)</td></tr>
<tr><th>Won</th><td>${percent(summary.winRate)}</td></tr>
<tr><th>Profit factor</th><td>${plain(summary.profitFactor)}</td></tr>
<tr><th>Average trade</th><td>${money(summary.expectancy)}</td></tr>
<tr><th>Time in the market</th><td>${percent(summary.exposure)}</td></tr>
<tr><th>Turnover, a year</th><td>${summary.turnover === null ? NOTHING : `${plain(summary.turnover)} × equity`}</td></tr>
<tr><th>Orders filled</th><td>${grouped(summary.buys)} buys, ${grouped(summary.sells)} sells</td></tr>
<tr><th>Fees</th><td>${money(summary.fees)}</td></tr>
${benchmark !== null && html`<tr><th>Beta, correlation</th><td>${plain(benchmark.beta)}, ${plain(benchmark.correlation)}</td></tr>`}
<tr><th>Cash at the end</th><td>${money(summary.finalCash)}</td></tr>
</tbody></table></div></div>
${
  summary.positions.length > 0 &&
  html`<h3>Still held at the end</h3><div class="wide"><table><thead><tr><th class="l">Symbol</th><th class="l">Role</th><th>Quantity</th><th>Average price</th><th>Value</th></tr></thead><tbody>
${summary.positions.map((p) => html`<tr><th>${p.symbol}</th><td class="l">${p.role}</td><td>${amount(p.quantity)}</td><td>${amount(p.avgPx)}</td><td>${money(p.value)}</td></tr>`)}
</tbody></table></div>`
}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** A month's colour is full at a return this large. */
const FULL_HEAT = 0.08;

export function monthsTable(months: readonly MonthRow[]): Html {
  const years = [...new Set(months.map(({ month }) => month.slice(0, 4)))];
  const held = months.some(({ benchmarkRoi }) => benchmarkRoi !== null);
  const byMonth = new Map(months.map((row) => [row.month, row]));
  const yearly = (rows: readonly MonthRow[], of: (row: MonthRow) => number | null) =>
    rows.reduce((growth, row) => growth * (1 + (of(row) ?? 0)), 1) - 1;
  const cell = (row: MonthRow | undefined): Html => {
    if (row === undefined) return html`<td></td>`;
    const heat = Math.round(Math.min(1, Math.abs(row.roi) / FULL_HEAT) * 45);
    const text = (row.roi * 100).toFixed(1).replace('-', '−').replace('−0.0', '0.0');
    return html`<td class="${row.roi > 0 ? 'u' : row.roi < 0 ? 'd' : 'muted'}" style="--h:${heat}">${text}</td>`;
  };
  return html`<div class="wide"><table class="heat"><thead><tr><th></th>${MONTHS.map((m) => html`<th>${m}</th>`)}<th>Year</th>${held && html`<th>Hold</th>`}</tr></thead><tbody>
${years.map((year) => {
  const own = months.filter(({ month }) => month.startsWith(year));
  return html`<tr><th>${year}</th>${MONTHS.map((_, i) => cell(byMonth.get(`${year}-${String(i + 1).padStart(2, '0')}`)))}<td class="year">${change(yearly(own, (row) => row.roi))}</td>${
    held && html`<td class="hold">${change(yearly(own, (row) => row.benchmarkRoi))}</td>`
  }</tr>
`;
})}</tbody></table></div>`;
}

const STATE_ORDER = [
  'bull',
  'range',
  'bear',
  'calm',
  'elevated',
  'stressed',
  'intact',
  'threatened',
  'broken',
  'warmingUp',
  'unknown',
];
const STATE_NAMES: Readonly<Record<string, string>> = { warmingUp: 'warming up', unknown: 'not yet known' };

export function regimesTable(summary: BacktestSummary): Html {
  return html`<div class="wide"><table><thead><tr><th class="l">Regime the day began in</th><th>Days</th><th>Share</th><th>Return</th><th>Hold</th><th>Volatility</th><th>Trades entered</th><th>Won</th><th>Their profit</th></tr></thead>
${regimeRegions.map((region) => {
  const states = Object.entries(summary.regimes[region] ?? {}).sort(
    ([a], [b]) => STATE_ORDER.indexOf(a) - STATE_ORDER.indexOf(b),
  );
  return html`<tbody>${states.map(
    ([state, row]) =>
      html`<tr><th><span class="muted">${region}</span> ${STATE_NAMES[state] ?? state}</th><td>${grouped(row.days)}</td><td>${percent(row.share)}</td>${toned(row.roi, change(row.roi))}<td class="muted">${change(row.benchmarkRoi)}</td><td>${percent(row.volatility)}</td><td>${grouped(row.tradeCount)}</td><td>${percent(row.winRate)}</td>${toned(row.tradeCount === 0 ? null : row.pnl, row.tradeCount === 0 ? NOTHING : money(row.pnl))}</tr>`,
  )}</tbody>`;
})}</table></div>`;
}

const orNothing = (value: number): string => (value === 0 ? NOTHING : money(value));

export function instrumentsTable({ instruments }: BacktestSummary): Html {
  const all = Object.entries(instruments).sort(([, a], [, b]) => Math.abs(b.pnl) - Math.abs(a.pnl));
  const core = all.some(([, row]) => row.corePnl !== 0);
  const hedge = all.some(([, row]) => row.hedgePnl !== 0);
  return html`<div class="wide"><table><thead><tr><th class="l">Instrument</th><th>Profit</th>${core && html`<th>of it core</th>`}${hedge && html`<th>of it hedge</th>`}<th>Trades</th><th>Won</th><th>Profit factor</th><th>Average trade</th><th>Buys</th><th>Sells</th><th>Fees</th></tr></thead><tbody>
${all
  .slice(0, INSTRUMENTS_SHOWN)
  .map(
    ([symbol, row]) =>
      html`<tr><th>${symbol}</th>${toned(row.pnl, money(row.pnl))}${core && html`<td>${orNothing(row.corePnl)}</td>`}${hedge && html`<td>${orNothing(row.hedgePnl)}</td>`}<td>${grouped(row.tradeCount)}</td><td>${percent(row.winRate)}</td><td>${plain(row.profitFactor)}</td><td>${money(row.expectancy)}</td><td>${grouped(row.buys)}</td><td>${grouped(row.sells)}</td><td>${money(row.fees)}</td></tr>`,
  )}</tbody></table></div>${all.length > INSTRUMENTS_SHOWN && html`<p class="note">The ${INSTRUMENTS_SHOWN} largest of ${grouped(all.length)}.</p>`}`;
}

export function tradesTable(run: RunProjection, trades: readonly Trade[]): Html {
  const first = Math.max(0, trades.length - TRADES_SHOWN);
  const regimes = trades.some((trade) => trade.regimeAtEntry !== null);
  return html`${first > 0 && html`<p class="note">The last ${grouped(TRADES_SHOWN)} of ${grouped(trades.length)}; the log holds them all.</p>`}
<div class="wide tall" tabindex="0"><table class="dense"><thead><tr><th class="l">#</th><th class="l">Symbol</th><th class="l">Side</th><th class="l">Entry</th><th>at</th><th class="l">Exit</th><th>at</th><th>Quantity</th><th>Profit</th><th>Return</th><th>Bars</th><th class="l">Exit because</th>${regimes && html`<th class="l">Regime at entry</th>`}</tr></thead><tbody>
${trades.slice(first).map(
  (
    trade,
    i,
  ) => html`<tr><td class="l muted">${first + i + 1}</td><td class="l">${trade.symbol}</td><td class="l">${sideText(trade)}</td><td class="l">${stamp(run, trade.entryTime)}</td><td>${amount(trade.entryPx)}</td><td class="l">${stamp(run, trade.exitTime)}</td><td>${amount(trade.exitPx)}</td><td>${amount(trade.quantity)}</td>${toned(trade.pnl, money(trade.pnl))}${toned(trade.returnOnEntry, change(trade.returnOnEntry))}<td>${grouped(trade.barsHeld)}</td><td class="l">${exitText(trade.exitReason)}</td>${
    regimes && html`<td class="l">${regimeText(trade)}</td>`
  }</tr>
`,
)}</tbody></table></div>`;
}

const sideText = ({ role, instrument, side }: Trade): string =>
  role === 'hedge'
    ? 'hedge'
    : instrument === 'equity'
      ? side
      : side === 'long'
        ? instrument
        : `short ${instrument}`;

const regimeText = ({ regimeAtEntry }: Trade): string =>
  regimeAtEntry === null
    ? NOTHING
    : regimeRegions.map((region) => regimeAtEntry[region] ?? NOTHING).join(' · ');

export function quietTable(run: RunProjection): Html | null {
  const rows = quietRows(run);
  if (rows.length === 0) return null;
  return html`<h2>Why nothing more was done on the last day</h2>
<p class="note">The standing choice for each symbol, and the failing test that came nearest to passing.</p>
<div class="wide"><table><thead><tr><th class="l">Symbol</th><th class="l">Choice</th><th class="l">since</th><th>Conviction</th><th class="l">Nearest failing test</th><th class="l">Reason</th></tr></thead><tbody>
${rows.map(
  (row) =>
    html`<tr><th>${row.symbol}</th><td class="l">${row.choice}</td><td class="l">${stamp(run, row.since)}</td><td>${row.conviction === null ? NOTHING : amount(row.conviction)}</td><td class="l">${row.nearest ?? 'none fails'}</td><td class="wrap">${row.reason}</td></tr>`,
)}</tbody></table></div>`;
}
