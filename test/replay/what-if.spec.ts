/** What-if: the same session at a simulated venue, or under other settings, held against what was recorded. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backtest } from '../../replay/backtest.ts';
import { replay } from '../../replay/replay.ts';
import { loadStrategy } from '../../replay/strategy-loader.ts';
import { type WhatIfResult, whatIf } from '../../replay/what-if.ts';
import type { RunSpec } from '../../src/domain/config.ts';
import type { NewInput } from '../../src/events/define-event.ts';
import type { SessionStarted } from '../../src/events/engine.events.ts';
import { OrderFilled } from '../../src/events/order.events.ts';
import { createLog } from '../../src/log/log-writer.ts';
import { datasetOf } from '../../src/testing/dataset-of.ts';
import { type RunOptions, runSpec } from '../engine/engine-run.ts';
import { quotesOf, tradingDays, wanderingDays } from '../engine/markets.ts';
import { paperSession } from './paper-session.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quantos-whatif-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const changedTo =
  (label: string, over: Partial<RunSpec>, params: Record<string, unknown> = {}) =>
  async ({ run }: SessionStarted) => {
    const { strategy, spec } = await loadStrategy(run.strategy.name, { ...run.strategy.params, ...params });
    return { run: { ...run, ...over, strategy: spec }, strategy, label };
  };

describe('of a simulated session', () => {
  let path: string;
  beforeAll(async () => {
    path = join(folder, 'run.db');
    const { strategy, spec } = await loadStrategy('sma-cross', { fast: 5, slow: 20 });
    const dataset = datasetOf({ AAA: { bars: wanderingDays(4, tradingDays('2014-12-31', 300)) } });
    const { summary } = backtest({
      datasets: [{ ...dataset, notes: [], rejected: 0, close: () => {} }],
      run: { ...runSpec({ profile: 'plain', sizing: { kind: 'fixed', quantity: 10 } }), strategy: spec },
      strategy,
      out: path,
      to: null,
      session: 'simulated',
      modelled: [],
    });
    expect(summary.tradeCount).toBeGreaterThan(5);
  });

  test('nothing changed leads to no difference, and to the same result', async () => {
    const { base, variant, firstDifference, ...rest } = await whatIf(path);
    expect(firstDifference).toBeNull();
    expect({ ...variant, label: '' }).toEqual({ ...base, label: '' });
    expect(rest).toMatchObject({ decisionsAdded: 0, decisionsRemoved: 0, decisionsChanged: 0, pnlDelta: 0 });
  });

  test('a changed parameter gives what a backtest with it gives, and names the first other decision', async () => {
    const result = await whatIf(path, { change: changedTo('fast=8', {}, { fast: 8 }) });
    const { strategy, spec } = await loadStrategy('sma-cross', { fast: 8, slow: 20 });
    const dataset = datasetOf({ AAA: { bars: wanderingDays(4, tradingDays('2014-12-31', 300)) } });
    const { summary } = backtest({
      datasets: [{ ...dataset, notes: [], rejected: 0, close: () => {} }],
      run: { ...runSpec({ profile: 'plain', sizing: { kind: 'fixed', quantity: 10 } }), strategy: spec },
      strategy,
      out: null,
      to: null,
      session: 'fast',
      modelled: [],
    });
    const { base, variant, firstDifference, pnlDelta } = result;
    expect(variant.finalEquity).toBe(summary.finalEquity);
    expect(variant.tradeCount).toBe(summary.tradeCount);
    expect(pnlDelta).toBe(variant.pnl - base.pnl);
    expect(firstDifference).toMatchObject({ kind: 'decision' });
    expect(firstDifference!.base?.seq ?? firstDifference!.variant?.seq).toBeGreaterThan(1);
    expect(result.decisionsAdded + result.decisionsRemoved).toBeGreaterThan(0);
    expect(result.recorded).toBeNull();
  });

  test('other prices at the venue name the fill that differs first', async () => {
    const commission = { kind: 'percent' as const, rate: 0.01 };
    const { firstDifference, variant } = await whatIf(path, { change: changedTo('dear', { commission }) });
    expect(firstDifference).toMatchObject({ kind: 'fill', base: { type: 'OrderFilled' }, decision: null });
    expect(variant.fees).toBeGreaterThan(0);
  });
});

describe('of a paper session', () => {
  const options: RunOptions = {
    profile: 'plain',
    execution: 'midpoint',
    sizing: { kind: 'fixed', quantity: 10 },
    // Quotes come once a minute here: that is no silence.
    config: {
      venue: { silenceMs: 600_000 },
      exchange: { submitLatencyUs: 80_000, reportLatencyUs: 40_000 },
    },
  };
  const market = () => datasetOf({ AAA: { quotes: quotesOf(9, tradingDays('2014-12-31', 2), 60) } });

  async function record(
    name: string,
    over: Partial<Parameters<typeof paperSession>[0]> = {},
  ): Promise<string> {
    const path = join(folder, `${name}.db`);
    const { strategy, spec } = await loadStrategy('sma-cross', { fast: 3, slow: 9 });
    const log = createLog(path, { session: name, flush: 'batch' });
    paperSession({
      dataset: market(),
      run: { ...runSpec(options), strategy: spec },
      strategy,
      sink: log,
      ...over,
    });
    log.flush();
    log.close();
    return path;
  }

  /** Changes the n-th fill. */
  const nthFill = (n: number, change: (fill: OrderFilled) => OrderFilled | null) => {
    let fills = 0;
    return (report: NewInput): NewInput | null => {
      if (report.type !== OrderFilled.type || ++fills !== n) return report;
      const changed = change(report.payload as OrderFilled);
      return changed && OrderFilled.of(changed);
    };
  };
  const isClean = ({ decisionsAdded, decisionsRemoved, decisionsChanged }: WhatIfResult) =>
    decisionsAdded + decisionsRemoved + decisionsChanged === 0;

  test('its own log proves its decisions, without rerunning a venue that was real', async () => {
    const path = await record('proven', { venue: { submitLatencyUs: 500_000 } });
    expect(await replay(path, { verify: true })).toMatchObject({ identical: true, firstDifference: null });
  });

  test('a venue just like the simulated one leads to no difference', async () => {
    const result = await whatIf(await record('alike'));
    expect(result.firstDifference).toBeNull();
    expect(isClean(result)).toBe(true);
    expect(result.base.tradeCount).toBeGreaterThan(5);
    expect(result.pnlDelta).toBe(0);
  });

  test('a better price at the real venue is named, and no decision differs before it', async () => {
    const path = await record('better', {
      says: nthFill(5, (fill) => ({ ...fill, lastPx: fill.lastPx - 0.5 })),
    });
    const { firstDifference, base, variant, pnlDelta } = await whatIf(path);
    const { kind, decision, ...fill } = firstDifference!;
    expect(kind).toBe('fill');
    expect(fill.base!.type).toBe('OrderFilled');
    expect(fill.base!.time).toBe(fill.variant!.time);
    expect(fill.base!.summary).not.toBe(fill.variant!.summary);
    expect(decision).toBeNull();
    expect(base.label).toBe('recorded');
    expect(variant.label).toBe('simulated');
    expect(Math.abs(pnlDelta)).toBeCloseTo(5, 6);
  });

  test('a fill that the real venue never reported is named, and the decision that differs after it', async () => {
    const path = await record('lost', { says: nthFill(3, () => null) });
    const { firstDifference } = await whatIf(path);
    const { kind, base, variant, decision } = firstDifference!;
    expect(kind).toBe('fill');
    expect(base).toBeNull();
    expect(variant!.type).toBe('OrderFilled');
    const first = (decision!.base ?? decision!.variant)!;
    expect(first.time >= variant!.time).toBe(true);
  });

  test('a slower venue differs in fills before it differs in decisions', async () => {
    const { firstDifference } = await whatIf(await record('slow', { venue: { submitLatencyUs: 700_000 } }));
    expect(firstDifference!.kind).not.toBe('decision');
  });

  test('changed, both are simulated, and what was recorded stands beside', async () => {
    const path = await record('changed', { venue: { submitLatencyUs: 700_000 } });
    const result = await whatIf(path, { change: changedTo('fast=5', {}, { fast: 5 }) });
    expect(result.base.label).toBe('unchanged');
    expect(result.recorded!.label).toBe('recorded');
    expect(result.firstDifference!.kind).toBe('decision');
    const unchanged = await whatIf(path);
    expect({ ...result.base, label: '' }).toEqual({ ...unchanged.variant, label: '' });
    expect({ ...result.recorded, label: '' }).toEqual({ ...unchanged.base, label: '' });
  });
});
