import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { inlineJson } from '../../../replay/report/html.ts';
import { renderReport } from '../../../replay/report/page.ts';
import { nearestFailing } from '../../../replay/report/quiet-days.ts';
import { commandOf, configDifferences } from '../../../replay/report/setup.ts';
import { summarizeRun } from '../../../replay/summary.ts';
import type { RunProjection } from '../../../src/projections/run-projection.ts';
import { crisisRun } from '../option-run.ts';
import { richRun } from '../rich-run.ts';
import { Feeder, plainSpec, readBars, simulateCross } from '../simulated-run.ts';

const bars = readBars(new URL('../../../node_modules/vega-datasets/data/sp500-2000.csv', import.meta.url));
const HOSTILE = `</script><img src=x onerror="document.title='owned'">`;
const CHROMIUM = '/usr/bin/chromium';

const reportOf = (run: RunProjection): string =>
  renderReport(run, summarizeRun(run), { decisionDigest: 'd1ge57', log: 'RUN.db' });
/** Options, hedges, and the same years without hedge beside them. */
const crisis = crisisRun();
const crisisPage = renderReport(crisis.projection, crisis.summary, {
  decisionDigest: 'd1ge57',
  log: 'RUN.db',
  compared: { label: 'hedge=off', ...crisisRun({ hedge: false }) },
});
const crossOf = (symbol: string, count = bars.length): RunProjection =>
  simulateCross(bars.slice(0, count), {
    fast: 20,
    slow: 100,
    cash: 100_000,
    symbol,
    units: 10,
    commission: 0.001,
    reverse: false,
  });

describe('the report', () => {
  test('asks nothing of the network', () => {
    const page = reportOf(richRun(bars));
    const outside = page.replace(/<script>[\s\S]*?<\/script>|<pre>[\s\S]*?<\/pre>/g, '');
    expect(outside).not.toMatch(/https?:\/\/|src=|@import|url\(/);
    expect(page).toContain('default-src');
    expect(page.length).toBeLessThan(3e6);
  });

  test('shows a hostile symbol as text', () => {
    const page = reportOf(crossOf(HOSTILE));
    expect(page).not.toContain('<img');
    expect(page.match(/<script/g)).toHaveLength(3);
    expect(page.match(/<\/script/g)).toHaveLength(3);
  });

  test('says what is modelled, what was denied, what differs and why nothing happened at the end', () => {
    const page = reportOf(richRun(bars));
    expect(page).toContain('the spread of shares is modelled as 1 basis point');
    expect(page).toContain('× order denied by the risk gate: symbolCap');
    expect(page).toContain('selector.riskPerTrade');
    expect(page).toContain('conviction 57 &#60; 60');
    expect(page).toContain('d1ge57');
    expect(page).toContain('quantos replay RUN.db --verify');
  });

  test('tells what options did: modelled, by decision, by breakdown, by year, and beside the run without hedge', () => {
    const [top] = crisisPage.split('<h2>Equity');
    expect(top).toContain('Options: modelled chain, no recorded quotes.');
    expect(top).toContain('The same run without hedge made');
    for (const title of [
      'Volatility, and when its price was refused',
      'What was decided, and how it ended',
      'What the hedge saved and cost',
      'By year',
      'How orders were filled',
    ]) {
      expect(crisisPage).toContain(`<h2>${title}</h2>`);
    }
    expect(crisisPage).toContain('near expiry');
    expect(crisisPage).toContain('SP500 hedge');
    const data = JSON.parse(/id="run">(.*?)<\/script>/s.exec(crisisPage)![1]);
    expect(data.curve.twin).toHaveLength(data.curve.t.length);
    expect(data.curve.hedged.length).toBeGreaterThan(2);
    const [price] = data.prices;
    expect(new Set(price.fills.map((fill: unknown[]) => fill[3]))).toEqual(
      new Set(['shares', 'calls', 'puts', 'hedges']),
    );
    // Options are marked at the price of what they are on.
    for (const [, px] of price.fills) expect(px).toBeGreaterThan(60);
    expect(price.volatility.crowded.length).toBeGreaterThan(2);
  });

  test('of a run without a bar says so and draws nothing', () => {
    const feeder = new Feeder();
    feeder.at(1e15).start(plainSpec(), ['A']);
    const page = reportOf(feeder.projection.finish());
    expect(page).toContain('there is no curve to draw');
    expect(page.split('<script')[0]).not.toMatch(/NaN|undefined|Infinity/);
  });

  test.skipIf(!existsSync(CHROMIUM))(
    'draws its charts in a browser, without an error and on a phone too',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'quantos-report-'));
      const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
      try {
        const pages: [string, number][] = [
          [reportOf(richRun(bars)), 3],
          [reportOf(crossOf(HOSTILE)), 3],
          [reportOf(crossOf('A', 1)), 1],
          [crisisPage, 5],
        ];
        for (const [text, canvases] of pages) {
          const file = join(folder, 'report.html');
          writeFileSync(file, text);
          const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
          const trouble: string[] = [];
          page.on('console', (message) => trouble.push(message.text()));
          page.on('pageerror', (error) => trouble.push(error.message));
          page.on('request', (request) => {
            if (!request.url().startsWith('file:')) trouble.push(request.url());
          });
          await page.goto(pathToFileURL(file).href);
          expect(await page.locator('canvas').count()).toBe(canvases);
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
          expect(await page.title()).not.toBe('owned');
          expect(trouble).toEqual([]);
          await page.close();
        }
      } finally {
        await browser.close();
        rmSync(folder, { recursive: true });
      }
    },
  );
});

test('inlined JSON cannot end its script element and reads back the same', () => {
  const value = { text: '</script><!-- \u2028 &amp;' };
  expect(inlineJson(value)).not.toMatch(/[<>&\u2028]/);
  expect(JSON.parse(inlineJson(value))).toEqual(value);
});

test('the nearest failing test is nearest relative to its limit; tests without numbers come last', () => {
  const tests = [
    { test: 'trend', value: 'bear', limit: 'bull', pass: false },
    { test: 'spread', value: 30, limit: 20, pass: false },
    { test: 'conviction', value: 57, limit: 60, pass: false },
    { test: 'heat', value: 0.1, limit: 0.8, pass: true },
  ];
  expect(nearestFailing(tests)?.test).toBe('conviction');
  expect(nearestFailing(tests.slice(0, 1))?.test).toBe('trend');
  expect(nearestFailing(tests.slice(3))).toBeNull();
});

test('the command that repeats a run names every part that is not usual', () => {
  const run = plainSpec({ commission: { kind: 'percent', rate: 0.001 }, allowShort: true });
  const manifest = {
    session: 's',
    continues: null,
    mode: 'sim' as const,
    run,
    symbols: ['A'],
    datasets: [{ name: "my bars' file.csv", head: 'h' }],
    engineVersion: '0',
    modelled: [],
  };
  expect(commandOf(manifest).split(' --')).toEqual([
    String.raw`quantos backtest 'my bars'\'' file.csv'`,
    'strategy sma-cross',
    'profile plain',
    'set fast=20',
    'set slow=100',
    'cash 100000',
    'sizing fixed:10',
    'commission 0.001',
    'finalize',
    'allow-short',
  ]);
  expect(configDifferences(run)).toEqual([]);
});
