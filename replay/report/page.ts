/**
 * A run as one HTML file that opens offline: everything it needs is inside, and its policy forbids any request.
 * What a person must know to trust the numbers (what was modelled, warnings, how to repeat it) is on the same page.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { RunProjection } from '../../src/projections/run-projection.ts';
import { change, grouped, money, percent } from '../format.ts';
import { type BacktestSummary, chainSentence } from '../summary.ts';
import { regimeSymbol } from '../tables.ts';
import { type Twin, twinName } from '../twin.ts';
import { type ChartData, chartData } from './chart-data.ts';
import { Html, html, inlineJson } from './html.ts';
import { breakdownsTable, decisionsTable, executionTable, yearsTable } from './option-sections.ts';
import { pageScript } from './page-script.ts';
import { pageStyle } from './page-style.ts';
import {
  headline,
  instrumentsTable,
  monthsTable,
  quietTable,
  regimesTable,
  tradesTable,
} from './sections.ts';
import { commandOf, configDifferences, partsOf } from './setup.ts';
import { signalsTable } from './signal-section.ts';

export interface ReportFacts {
  /** Digest of all decisions, where it is known. */
  readonly decisionDigest: string | null;
  /** The run's log, as a person would name it in a command; null where none was kept. */
  readonly log: string | null;
  /** The same run with a part changed, to be shown beside it. */
  readonly compared?: Twin | null;
}

/** The whole file as text. */
export function renderReport(run: RunProjection, summary: BacktestSummary, facts: ReportFacts): string {
  const uplot = uplotFiles();
  const twin = facts.compared ?? null;
  const charts = chartData(run, twin);
  const title = `${summary.strategy} on ${run.manifest?.symbols.join(', ') || summary.dataset}`;
  const scripts = [uplot.script, pageScript];
  const policy = [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `script-src ${scripts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>\n${
    html`<html lang="en" data-theme="light"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${short(title)} – QuantOS</title>
<style>${raw(uplot.style)}${raw(pageStyle)}</style></head><body><main>
${opening(run, summary, title, twin)}
${headline(summary, twin)}
${curveSection(summary, charts, twin)}
${priceSection(charts)}
${volatilitySection(charts, summary)}
${Object.keys(summary.decisions).length > 0 && html`<h2>What was decided, and how it ended</h2><p class="note">Trades from flat to flat, by what was bought and by why it was sold.</p>${decisionsTable(summary)}`}
${summary.hedges !== null && summary.hedges.breakdowns.length > 0 && html`<h2>What the hedge saved and cost</h2>${breakdownsTable(summary.hedges)}`}
${summary.years.length > 0 && html`<h2>By year</h2><p class="note">Profit with open positions at their marks, and what earned it.${twin !== null && ` Beside it the return of the same run ${twinName(twin)}.`}</p>${yearsTable(summary, twin)}`}
${summary.months.length > 0 && html`<h2>Monthly returns</h2><p class="note">Per cent, from one month's last close to the next.</p>${monthsTable(summary.months)}`}
${regimeSymbol(run) !== null && html`<h2>By regime</h2><p class="note">Of ${regimeSymbol(run)}. A day counts for the regime that was known when it began.</p>${regimesTable(summary)}`}
${Object.keys(summary.instruments).length > 0 && html`<h2>By instrument</h2>${instrumentsTable(summary)}`}
${Object.keys(summary.execution).length > 0 && html`<h2>How orders were filled</h2><p class="note">Against the quote an intent met when it was released, recorded or modelled. Spread saved: 100 % where all was filled at the own side's touch, 50 % at the midpoint, 0 % at the far touch.</p>${executionTable(summary)}`}
<h2>Trades</h2>${
      summary.trades.length === 0
        ? html`<p class="note">No trade was opened and closed.</p>`
        : html`<p class="note">From flat to flat. Profit and return are after fees; what is still open is not a trade yet.</p>${tradesTable(run, summary.trades)}`
    }
${quietTable(run)}
${signalsTable(run)}
${trust(summary)}
${setup(run)}
${reproduce(run, summary, facts)}
<footer><details><summary>Charts drawn with uPlot, licence</summary><pre>${uplot.licence}</pre></details></footer>
</main>
<script type="application/json" id="run">${raw(inlineJson(charts))}</script>
<script>${raw(uplot.script)}</script>
<script>${raw(pageScript)}</script>
</body></html>`.text
  }\n`;
}

const raw = (text: string): Html => new Html(text);
const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text);

function opening(run: RunProjection, summary: BacktestSummary, title: string, twin: Twin | null): Html {
  const { benchmark } = summary;
  const chains = chainSentence(summary);
  const kind = run.intraday ? 'intraday' : 'daily';
  const period =
    summary.from === null
      ? 'no bars'
      : `${summary.from} to ${summary.to}, ${grouped(summary.bars)} ${kind} bars`;
  const { mode = 'sim', session = '' } = run.manifest ?? {};
  const what = mode === 'sim' ? `backtest · ${summary.dataset}` : `${mode} session · ${session}`;
  return html`<header><div><p class="eyebrow">QuantOS ${what} · ${period}</p><h1>${short(title)}</h1></div>
<p class="lede">${money(summary.startCash)} became <b>${money(summary.finalEquity)}</b>${summary.deposits !== 0 && ` with ${money(summary.deposits)} paid in`} (${change(summary.roi)}; ${change(summary.cagr, 2)} a year), with a deepest drawdown of ${percent(summary.maxDrawdown)}.${
    benchmark !== null &&
    html` Buying and holding ${benchmark.symbol} made ${change(benchmark.roi)} (${change(benchmark.cagr, 2)} a year), with a deepest drawdown of ${percent(benchmark.maxDrawdown)}.`
  }${
    twin !== null &&
    html` The same run ${twinName(twin)} made ${change(twin.summary.roi)}, with a deepest drawdown of ${percent(twin.summary.maxDrawdown)}.`
  }</p>${chains !== null && html`<p class="chains">${chains} ${summary.modelled.length > 0 && html`<a href="#trust">What is modelled</a>`}</p>`}</header>`;
}

function curveSection(
  { benchmark, strategy }: BacktestSummary,
  { curve }: ChartData,
  twin: Twin | null,
): Html {
  if (curve.t.length < 2)
    return html`<h2>Equity</h2><p class="note">Fewer than two bars: there is no curve to draw.</p>`;
  const others = html`${
    twin !== null && html`<span><i class="line" style="border-color:var(--twin)"></i>${twinName(twin)}</span>`
  }${
    benchmark !== null &&
    html`<span><i class="line" style="border-color:var(--hold)"></i>hold ${benchmark.symbol}</span>`
  }${curve.hedged.length > 0 && html`<span><i style="background:var(--hedged)"></i>puts held</span>`}`;
  const keys = html`<span class="keys"><span><i class="line" style="border-color:var(--own)"></i>${strategy}</span>${others}</span>`;
  return html`<h2>Equity</h2><div class="bar">${keys}<span class="readout" id="equity-at"></span><button id="log" type="button">log scale</button></div>
<div class="plot" id="equity"></div>
<h2>Drawdown</h2><div class="bar"><span class="keys"><span><i style="background:var(--down-fill);border-top:2px solid var(--loss)"></i>${strategy}</span>${others}</span><span class="readout" id="drawdown-at"></span></div>
<div class="plot" id="drawdown"></div>
<p class="note noprint">Drag to zoom all charts, double-click to return.</p>`;
}

/** A mark's shape tells what was traded, filled for a buy and hollow for a sale. */
const MARKS: Readonly<Record<string, { name: string; path: string }>> = {
  calls: { name: 'call', path: 'M5 .5a4 4 0 1 0 .01 0z' },
  puts: { name: 'put', path: 'M5 0L10 4.5 5 9 0 4.5z' },
  hedges: { name: 'hedge', path: 'M1 .5h8v8H1z' },
};

function priceSection({ prices, hidden }: ChartData): Html | null {
  if (prices.length === 0) return null;
  const shaded = prices.some((each) => each.regimes.length > 0);
  const traded = new Set(prices.flatMap((each) => each.fills.map((fill) => fill[3])));
  const shape = (path: string, style: string) =>
    html`<svg viewBox="-1 -1 12 11" aria-hidden="true"><path d="${path}" style="${style}"/></svg>`;
  const option = (kind: string) =>
    html`<span>${shape(MARKS[kind].path, `fill:var(--${kind})`)}${MARKS[kind].name} bought</span><span>${shape(MARKS[kind].path, `fill:none;stroke:var(--${kind});stroke-width:1.6`)}sold</span>`;
  const swatch = (state: string) => html`<span><i style="background:var(--${state})"></i>${state}</span>`;
  const options = Object.keys(MARKS).filter((kind) => traded.has(kind as 'calls'));
  const shares = traded.has('shares') || options.length === 0;
  return html`<h2>Price${shaded && ', regimes'} and fills</h2>
<div class="bar"><span class="keys">${
    shares &&
    html`<span>${shape('M5 0L10 9H0z', 'fill:var(--gain)')}share bought</span><span>${shape('M5 9L0 0H10z', 'fill:var(--loss)')}sold</span>`
  }${options.map(option)}</span>${
    prices.length > 1 &&
    html`<select id="symbol" aria-label="Symbol">${prices.map((each) => html`<option>${each.symbol}</option>`)}</select>`
  }</div>
<div class="bar">${shaded && html`<span class="keys">${['bull', 'range', 'bear'].map(swatch)}<span><i class="hatch"></i>structure broken</span></span>`}<span class="readout" id="price-at"></span></div>
<div class="plot" id="price"></div><p class="note" id="price-note"></p>
${hidden > 0 && html`<p class="note">${grouped(hidden)} symbols that traded less have no chart here.</p>`}`;
}

function volatilitySection({ prices }: ChartData, { optionChains }: BacktestSummary): Html | null {
  const measured = prices.filter(({ volatility }) => volatility !== null);
  if (measured.length === 0) return null;
  const modelled = measured.some(({ symbol }) => optionChains[symbol] === 'modelled');
  return html`<div id="volatility-section"><h2>Volatility, and when its price was refused</h2>
<div class="bar"><span class="keys"><span><i class="line" style="border-color:var(--atm)"></i>at the money, 30 days${modelled && ' (modelled)'}</span><span><i class="line" style="border-color:var(--hold)"></i>realised, 20 days</span><span><i style="background:var(--crowded)"></i>guard crowded: no speculative premium</span></span><span class="readout" id="volatility-at"></span></div>
<div class="plot" id="volatility"></div>
<div class="bar"><span class="keys"><span><i class="line" style="border-color:var(--atm)"></i>rank of it within a year</span></span></div>
<div class="plot" id="rank"></div></div>`;
}

function trust({ modelled, warnings }: BacktestSummary): Html {
  return html`<h2 id="trust">What these numbers rest on</h2>
${modelled.length === 0 ? html`<p class="note">The run states nothing as modelled: all prices are the dataset's.</p>` : html`<h3>Modelled, not recorded</h3><ul>${modelled.map((each) => html`<li>${each}</li>`)}</ul>`}
${warnings.length > 0 && html`<h3>Warnings</h3><ul class="warn">${warnings.map((each) => html`<li>${each}</li>`)}</ul>`}`;
}

function setup({ manifest, account }: RunProjection): Html | null {
  if (manifest === null) return null;
  const { run } = manifest;
  const differences = configDifferences(run);
  const params = Object.entries(run.strategy.params);
  const pair = (name: string, value: string) => html`<dt>${name}</dt><dd>${value}</dd>`;
  return html`<h2>Strategy and configuration</h2><div class="columns"><div><dl>
${pair('Strategy', run.strategy.file ?? run.strategy.name)}
${params.map(([name, value]) => pair(name, typeof value === 'string' ? value : JSON.stringify(value)))}
${account.core.map((each) => pair('Core bought', `${each.quantity} ${each.symbol} at ${each.px}`))}
</dl>${run.strategy.sha256 !== null && html`<p class="note">sha256 <code>${run.strategy.sha256}</code></p>`}</div><div><dl>${partsOf(run).map(([name, value]) => pair(name, value))}</dl></div></div>
${
  differences.length === 0
    ? html`<p class="note">Every number of the configuration is the default.</p>`
    : html`<h3>Differs from the default configuration</h3><div class="wide"><table><thead><tr><th class="l">Setting</th><th class="l">Default</th><th class="l">Here</th></tr></thead><tbody>${differences.map(
        ({ key, usual, here }) =>
          html`<tr><th><code>${key}</code></th><td class="wrap">${usual}</td><td class="wrap">${here}</td></tr>`,
      )}</tbody></table></div>`
}`;
}

function reproduce(
  { manifest }: RunProjection,
  summary: BacktestSummary,
  { decisionDigest, log }: ReportFacts,
): Html {
  return html`<h2>Do it again</h2>
<pre>${manifest !== null && commandOf(manifest)}${log !== null && `\nquantos replay ${log} --verify`}</pre>
<dl>${decisionDigest !== null && html`<dt>Decisions</dt><dd><code>${decisionDigest}</code></dd>`}
<dt>Events</dt><dd>${grouped(summary.inputEvents)} inputs, ${grouped(summary.decisionEvents)} decisions</dd>
${manifest !== null && html`<dt>Engine</dt><dd>quantos ${manifest.engineVersion}</dd>${manifest.datasets.map((each) => html`<dt>Data</dt><dd>${each.name} <code>${each.head}</code></dd>`)}`}</dl>`;
}

function uplotFiles(): { script: string; style: string; licence: string } {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  return {
    script: read('dist/uPlot.iife.min.js'),
    style: read('dist/uPlot.min.css'),
    licence: read('LICENSE'),
  };
}
