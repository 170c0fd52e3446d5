import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { summarizeRun } from '../../replay/summary.ts';
import { resultTable } from '../../src/cli/result-table.ts';
import { richRun } from '../replay/rich-run.ts';
import { Feeder, plainSpec, readBars } from '../replay/simulated-run.ts';

const bars = readBars(new URL('../../node_modules/vega-datasets/data/sp500-2000.csv', import.meta.url));
const textOf = (...parts: Parameters<typeof resultTable>) => stripVTControlCharacters(resultTable(...parts));

test('the result stands beside buy and hold, with what is modelled and what to mind, within 80 columns', () => {
  const text = textOf(summarizeRun(richRun(bars)));
  expect(text).toMatch(/conviction +hold SP500/);
  expect(text).toMatch(/return +73\.2\u00a0% +97\.5\u00a0%/);
  expect(text).toContain('No dividends are paid and cash earns nothing.');
  expect(text).toContain('5 × order denied by the risk gate: symbolCap');
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('a run without a bar has dashes for numbers', () => {
  const feeder = new Feeder();
  feeder.at(1e15).start(plainSpec({ cash: 500 }), ['A']);
  const text = textOf(summarizeRun(feeder.projection.finish()));
  expect(text).toMatch(/Sharpe +–/);
  expect(text).toContain('No decision bar was reached');
  expect(text).not.toMatch(/NaN|undefined|null/);
});

test('many warnings are counted rather than scrolled', () => {
  const summary = { ...summarizeRun(richRun(bars)), warnings: Array.from({ length: 9 }, (_, i) => `w${i}`) };
  expect(textOf(summary)).toContain('and 3 more, in the report');
});
