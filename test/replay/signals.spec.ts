/** Sessions in which other systems spoke: what they changed, that it is proven without them, and what it was without them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { backtest } from '../../replay/backtest.ts';
import { replay } from '../../replay/replay.ts';
import { stateAt } from '../../replay/state-at.ts';
import { whatIf } from '../../replay/what-if.ts';
import { why } from '../../replay/why.ts';
import type { ConvictionChanged } from '../../src/events/decision.events.ts';
import { IntelReceived } from '../../src/events/intel.events.ts';
import { openLogReader } from '../../src/log/log-reader.ts';
import { projectRun } from '../../src/projections/run-projection.ts';
import { datasetOf, type SaidRecord } from '../../src/testing/dataset-of.ts';
import { runEngine, runSpec, strategyOf } from '../engine/engine-run.ts';
import { sp500Days } from '../engine/markets.ts';
import { closeOf } from './simulated-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'quantos-signals-'));
afterAll(() => rmSync(folder, { recursive: true }));

const days = sp500Days(600, 1_300);
const MINUTE = 60_000_000;

/** A bias said some time before each close, 22:00 UTC at the latest; it lives five minutes. */
const said = (beforeCloseUs: number, bias = 'dovish'): SaidRecord[] =>
  days.flatMap(({ day }) =>
    // New York closes at 20:00 or 21:00 UTC: said before both.
    [0, 60 * MINUTE].map((earlier) => {
      const at = closeOf(day) - earlier - beforeCloseUs;
      const signal = { key: 'intel:fed_bias', bias } as const;
      const about = {
        sourceSystem: 'fed-watch',
        timestampS: at / 1e6,
        confidence: 0.7,
        via: 'redis',
      } as const;
      return { at, event: IntelReceived.of({ signal, ...about, expiresAt: at + 5 * MINUTE }) };
    }),
  );
const market = (records: readonly SaidRecord[] = []) =>
  datasetOf({ SPX: { bars: days } }, 'in memory', records);
const options = { instruments: 'equity', hedge: false, benchmark: 'SPX' } as const;

const path = join(folder, 'heard.db');
backtest({
  datasets: [{ ...market(said(MINUTE)), notes: [], rejected: 0, close: () => {} }],
  run: runSpec(options),
  strategy: strategyOf('conviction'),
  out: path,
  to: null,
  session: 'heard',
  modelled: [],
});

test('a fresh signal stands in the decision with its source and age, and multiplies once', () => {
  const reader = openLogReader(path);
  const changed = [...reader.events({ type: 'ConvictionChanged' })];
  const lifted = changed.find(({ payload }) => (payload as ConvictionChanged).direction === 'long')!;
  const { signals, evidence, conviction } = lifted.payload as ConvictionChanged;
  expect(signals).toEqual([
    {
      key: 'intel:fed_bias',
      value: 'dovish',
      sourceSystem: 'fed-watch',
      confidence: 0.7,
      ageS: 60,
      multiplier: 1.05,
    },
  ]);
  expect(conviction).toBe(Math.min(100, evidence.score! * 1.05));
  const [basis] = lifted.basis;
  expect(reader.event(basis)!.event!.type).toBe(IntelReceived.type);
  reader.close();
  expect(why(path, lifted.seq).at(-1)!.basis[0].summary).toBe(
    'intel:fed_bias: bias dovish, from fed-watch, confidence 0.7',
  );
});

test('its log proves every decision again, with nobody there to say anything', async () => {
  expect(await replay(path, { verify: true })).toMatchObject({ identical: true, firstDifference: null });
});

test('without the signals, what they changed shows decision by decision', async () => {
  const nothing = await whatIf(path);
  expect(nothing.firstDifference).toBeNull();
  const { base, variant, firstDifference, changed } = await whatIf(path, { withoutSignals: true });
  expect([base.label, variant.label]).toEqual(['unchanged', 'without signals']);
  expect(firstDifference!.base!.type).toBe('ConvictionChanged');
  expect(changed.length).toBeGreaterThan(0);
  expect(base.finalEquity).toBe(nothing.base.finalEquity);
});

test('the report tells what was heard and what it did, and a state knows what lives', async () => {
  const reader = openLogReader(path);
  const run = projectRun(reader.cursor());
  expect(run.journal.signals.heard.get('intel:fed_bias')).toBe(2 * days.length);
  const [first] = run.journal.signals.effects;
  expect(first).toMatchObject({ decision: 'ConvictionChanged', symbol: 'SPX' });
  expect(first.signal).toBe('intel:fed_bias dovish by fed-watch, 60 s old');
  expect(first.effect).toMatch(/^long conviction [\d.]+: times 1.05, before all multipliers [\d.]+$/);
  reader.close();
  const { intel } = await stateAt(path, { seq: first.seq });
  expect(intel).toEqual([
    {
      key: 'intel:fed_bias',
      value: { bias: 'dovish' },
      sourceSystem: 'fed-watch',
      confidence: 0.7,
      ageMs: 60_000,
      ttlMs: 240_000,
      direction: 'received',
    },
  ]);
});

test('signals that are stale at every close decide what no signals decide', () => {
  const silent = runEngine([market()], options).result.decisionDigest;
  expect(runEngine([market(said(5 * MINUTE))], options).result.decisionDigest).toBe(silent);
  expect(runEngine([market(said(MINUTE, 'neutral'))], options).result.decisionDigest).not.toBe(silent); // they are told
  expect(runEngine([market(said(MINUTE))], options).result.decisionDigest).not.toBe(silent);
});
