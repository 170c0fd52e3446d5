/** The report's tables of what options and hedges add: years, decisions, breakdowns, execution. */
import type { HoldingKind } from '../../src/projections/profit-by-kind.ts';
import { holdingKinds } from '../../src/projections/profit-by-kind.ts';
import { change, dollars, grouped, NOTHING, percent, plain } from '../format.ts';
import type { BacktestSummary } from '../summary.ts';
import { type Twin, twinName } from '../twin.ts';
import { type Html, html } from './html.ts';
import { exitText, toned } from './sections.ts';

const earned = (value: number): Html => toned(value, value === 0 ? NOTHING : dollars(value));
const whole = (text: string): Html => html`<span class="whole">${text}</span>`;

/** What each kind earned by calendar year; the changed run's return beside it. */
export function yearsTable({ years }: BacktestSummary, twin: Twin | null): Html {
  const kinds = holdingKinds.filter((kind) => years.some((row) => row[kind] !== 0));
  const other = new Map(twin?.summary.years.map((row) => [row.year, row]));
  const total = (kind: HoldingKind) => years.reduce((sum, row) => sum + row[kind], 0);
  return html`<div class="wide"><table><thead><tr><th class="l">Year</th><th>Return</th>${twin !== null && html`<th>${twinName(twin)}</th>`}<th>Hold</th><th>Profit</th>${kinds.map((kind) => html`<th>of it ${kind}</th>`)}</tr></thead><tbody>
${years.map(
  (row) =>
    html`<tr><th>${row.year}</th>${toned(row.roi, change(row.roi))}${twin !== null && html`<td class="muted">${change(other.get(row.year)?.roi ?? null)}</td>`}<td class="muted">${change(row.benchmarkRoi)}</td>${toned(row.pnl, dollars(row.pnl))}${kinds.map((kind) => earned(row[kind]))}</tr>
`,
)}</tbody><tfoot><tr><th>All</th><td></td>${twin !== null && html`<td></td>`}<td></td><td>${dollars(years.reduce((sum, { pnl }) => sum + pnl, 0))}</td>${kinds.map((kind) => earned(total(kind)))}</tr></tfoot></table></div>`;
}

/** A row for each kind of thing bought, and under it one for each way out. */
export function decisionsTable({ decisions }: BacktestSummary): Html {
  return html`<div class="wide"><table><thead><tr><th class="l">Bought</th><th>Trades</th><th>Won</th><th>Profit</th><th>Average</th><th>Profit factor</th><th>Paid at entry</th><th>Days held</th></tr></thead>
${Object.entries(decisions).map(
  ([
    kind,
    row,
  ]) => html`<tbody><tr><th><b>${kind}</b></th><td>${grouped(row.tradeCount)}</td><td>${percent(row.winRate)}</td>${toned(row.pnl, dollars(row.pnl))}<td>${dollars(row.expectancy)}</td><td>${plain(row.profitFactor)}</td><td>${dollars(row.spent)}</td><td>${plain(row.averageDays, 0)}</td></tr>
${Object.entries(row.byExit).map(
  ([reason, way]) =>
    html`<tr class="sub"><th>${exitText(reason)}</th><td>${grouped(way.tradeCount)}</td><td>${percent(way.winRate)}</td>${toned(way.pnl, dollars(way.pnl))}<td></td><td></td><td></td><td>${plain(way.averageDays, 0)}</td></tr>
`,
)}</tbody>`,
)}</table></div>`;
}

export function breakdownsTable(hedges: NonNullable<BacktestSummary['hedges']>): Html {
  const { breakdowns, alarms, missed, premium, pnl } = hedges;
  const rolls = breakdowns.reduce((sum, each) => sum + each.rolls.length, 0);
  return html`<p class="note">${grouped(breakdowns.length)} breakdowns were hedged, with ${grouped(rolls)} rolls; ${grouped(alarms)} alarms came to nothing${
    missed > 0 && `, and in ${grouped(missed)} breakdowns no put could be bought`
  }. Puts cost ${whole(dollars(premium))} and earned ${whole(dollars(pnl))} in all, those still held at their marks. Drawdowns are from the close of the entry to the end of the span, with the puts and without what they earned.</p>
<div class="wide"><table><thead><tr><th class="l">Armed</th><th class="l">Entered</th><th>Rolls</th><th class="l">Ended</th><th>Exposure</th><th>To hedge</th><th>Premium</th><th>Result</th><th>Drawdown</th><th>without puts</th></tr></thead><tbody>
${breakdowns.map(
  (each) =>
    html`<tr><td class="l muted">${each.armed ?? 'at once'}</td><td class="l">${each.entered}</td><td>${each.rolls.length === 0 ? NOTHING : grouped(each.rolls.length)}</td><td class="l">${each.ended ?? 'still held'}</td><td>${dollars(each.exposure)}</td><td>${dollars(each.target)}</td><td>${dollars(each.premium)}</td>${toned(each.pnl, dollars(each.pnl))}<td>${percent(each.drawdown)}</td><td>${percent(each.drawdownUnhedged)}</td></tr>
`,
)}</tbody></table></div>`;
}

/** A wait in the unit it is counted in. */
const waited = (seconds: number | null): string =>
  seconds === null
    ? NOTHING
    : seconds < 120
      ? `${plain(seconds, 1)} s`
      : seconds < 7_200
        ? `${plain(seconds / 60, 0)} min`
        : `${plain(seconds / 3_600, 1)} h`;

export function executionTable({ execution }: BacktestSummary): Html {
  return html`<div class="wide"><table><thead><tr><th class="l">Orders for</th><th>Intents filled</th><th>Traded</th><th>Beyond midpoint</th><th>of the value</th><th>Spread saved</th><th>Time to fill</th></tr></thead><tbody>
${Object.entries(execution).map(
  ([kind, row]) =>
    html`<tr><th>${kind}</th><td>${grouped(row.intents)}</td><td>${dollars(row.value)}</td><td>${dollars(row.beyondMidpoint)}</td><td>${percent(row.slippage, 3)}</td><td>${percent(row.spreadSaved, 0)}</td><td>${waited(row.secondsToFill)}</td></tr>
`,
)}</tbody></table></div>`;
}
