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
import type { BacktestSummary } from '../summary.ts';
import { regimeSymbol } from '../tables.ts';
import type { Twin } from '../twin.ts';
import { type ChartData, chartData } from './chart-data.ts';
import { Html, html, inlineJson } from './html.ts';
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
  const charts = chartData(run);
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
${opening(run, summary, title)}
${headline(summary)}
${curveSection(summary, charts)}
${priceSection(charts)}
${summary.months.length > 0 && html`<h2>Monthly returns</h2><p class="note">Per cent, from one month's last close to the next.</p>${monthsTable(summary.months)}`}
${regimeSymbol(run) !== null && html`<h2>By regime</h2><p class="note">Of ${regimeSymbol(run)}. A day counts for the regime that was known when it began.</p>${regimesTable(summary)}`}
${Object.keys(summary.instruments).length > 0 && html`<h2>By instrument</h2>${instrumentsTable(summary)}`}
<h2>Trades</h2>${
      summary.trades.length === 0
        ? html`<p class="note">No trade was opened and closed.</p>`
        : html`<p class="note">From flat to flat. Profit and return are after fees; what is still open is not a trade yet.</p>${tradesTable(run, summary.trades)}`
    }
${quietTable(run)}
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

function opening(run: RunProjection, summary: BacktestSummary, title: string): Html {
  const { benchmark } = summary;
  const kind = run.intraday ? 'intraday' : 'daily';
  const period =
    summary.from === null
      ? 'no bars'
      : `${summary.from} to ${summary.to}, ${grouped(summary.bars)} ${kind} bars`;
  return html`<header><div><p class="eyebrow">QuantOS backtest · ${summary.dataset} · ${period}</p><h1>${short(title)}</h1></div>
<p class="lede">${money(summary.startCash)} became <b>${money(summary.finalEquity)}</b> (${change(summary.roi)}; ${change(summary.cagr, 2)} a year), with a deepest drawdown of ${percent(summary.maxDrawdown)}.${
    benchmark !== null &&
    html` Buying and holding ${benchmark.symbol} made ${change(benchmark.roi)} (${change(benchmark.cagr, 2)} a year), with a deepest drawdown of ${percent(benchmark.maxDrawdown)}.`
  }</p></header>`;
}

function curveSection({ benchmark, strategy }: BacktestSummary, { curve }: ChartData): Html {
  if (curve.t.length < 2)
    return html`<h2>Equity</h2><p class="note">Fewer than two bars: there is no curve to draw.</p>`;
  const keys = html`<span class="keys"><span><i class="line" style="border-color:var(--own)"></i>${strategy}</span>${
    benchmark !== null &&
    html`<span><i class="line" style="border-color:var(--hold)"></i>hold ${benchmark.symbol}</span>`
  }</span>`;
  return html`<h2>Equity</h2><div class="bar">${keys}<span class="readout" id="equity-at"></span><button id="log" type="button">log scale</button></div>
<div class="plot" id="equity"></div>
<h2>Drawdown</h2><div class="bar"><span class="keys"><span><i style="background:var(--down-fill);border-top:2px solid var(--loss)"></i>${strategy}</span>${
    benchmark !== null &&
    html`<span><i class="line" style="border-color:var(--hold)"></i>hold ${benchmark.symbol}</span>`
  }</span><span class="readout" id="drawdown-at"></span></div>
<div class="plot" id="drawdown"></div>
<p class="note noprint">Drag to zoom all charts, double-click to return.</p>`;
}

function priceSection({ prices, hidden }: ChartData): Html | null {
  if (prices.length === 0) return null;
  const shaded = prices.some((each) => each.regimes.length > 0);
  const hedged = prices.some((each) => each.fills.some((fill) => fill[3] === 1));
  const triangle = (colour: string, up: boolean) =>
    html`<svg viewBox="0 0 10 9" aria-hidden="true"><path d="${up ? 'M5 0L10 9H0z' : 'M5 9L0 0H10z'}" style="fill:var(--${colour})"/></svg>`;
  const swatch = (state: string) => html`<span><i style="background:var(--${state})"></i>${state}</span>`;
  return html`<h2>Price${shaded && ', regimes'} and fills</h2>
<div class="bar"><span class="keys"><span>${triangle('gain', true)}buy</span><span>${triangle('loss', false)}sell</span>${hedged && html`<span>${triangle('hedge', true)}hedge</span>`}${
    shaded && html`${['bull', 'range', 'bear'].map(swatch)}<span><i class="hatch"></i>structure broken</span>`
  }</span><span class="readout" id="price-at"></span>${
    prices.length > 1 &&
    html`<select id="symbol" aria-label="Symbol">${prices.map((each) => html`<option>${each.symbol}</option>`)}</select>`
  }</div>
<div class="plot" id="price"></div><p class="note" id="price-note"></p>
${hidden > 0 && html`<p class="note">${grouped(hidden)} symbols that traded less have no chart here.</p>`}`;
}

function trust({ modelled, warnings }: BacktestSummary): Html {
  return html`<h2>What these numbers rest on</h2>
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
