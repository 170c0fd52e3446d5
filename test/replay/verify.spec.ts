/** `replay --verify` as a judge: it finds a run identical, and names the first thing that was tampered with. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backtest } from '../../replay/backtest.ts';
import { replay } from '../../replay/replay.ts';
import { loadStrategy } from '../../replay/strategy-loader.ts';
import { canonicalJson } from '../../src/events/canonical.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { type Tick, TickKind } from '../../src/events/tick.ts';
import { LogError } from '../../src/log/log-error.ts';
import { openLogReader } from '../../src/log/log-reader.ts';
import { createLog } from '../../src/log/log-writer.ts';
import { datasetOf } from '../../src/testing/dataset-of.ts';
import { type RunOptions, runSpec } from '../engine/engine-run.ts';
import { tradingDays, wanderingDays } from '../engine/markets.ts';

let folder: string;
/** A plain run of a crossover over 300 days, recorded. */
let run: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quantos-verify-'));
  run = join(folder, 'run.db');
  await record(run, 'sma-cross', { fast: 5, slow: 20 });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function record(
  out: string,
  name: string,
  params: Record<string, unknown>,
  over: RunOptions = {},
): Promise<void> {
  const { strategy, spec } = await loadStrategy(name, params);
  const dataset = datasetOf({ AAA: { bars: wanderingDays(4, tradingDays('2014-12-31', 300)) } });
  backtest({
    datasets: [{ ...dataset, notes: [], rejected: 0, close: () => {} }],
    run: {
      ...runSpec({ profile: 'plain', sizing: { kind: 'fixed', quantity: 10 }, ...over }),
      strategy: spec,
    },
    strategy,
    out,
    to: null,
    session: 'verified',
    modelled: [],
  });
}

type Edit = (record: StoredEvent | Tick, seq: number) => (StoredEvent | Tick)[];
const isTick = (record: StoredEvent | Tick): record is Tick => 'symbolId' in record;

/** Writes a log again with other content, its chain computed anew: what someone does who knows the format. */
function forge(out: string, edit: Edit): string {
  rmSync(out, { force: true });
  const reader = openLogReader(run);
  const cursor = reader.cursor();
  const log = createLog(out, { session: 'verified', flush: 'batch' });
  for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
    const record = kind === 1 ? cursor.tick : cursor.event;
    for (const each of edit(record, cursor.seq)) {
      if (isTick(each)) log.tick(log.lastSeq + 1, each, cursor.source);
      else log.event({ ...each, seq: log.lastSeq + 1 });
    }
  }
  log.close();
  reader.close();
  return out;
}

const eventsOf = (path: string, type: string): StoredEvent[] => {
  const reader = openLogReader(path);
  try {
    return [...reader.events({ type })];
  } finally {
    reader.close();
  }
};

const whatDiffers = async (path: string) => {
  const { identical, firstDifference } = await replay(path, { verify: true });
  expect(identical).toBe(firstDifference === null);
  return firstDifference;
};

test('a run is identical with itself, and so is a copy that was written anew', async () => {
  const result = await replay(run, { verify: true });
  expect(result).toMatchObject({ identical: true, firstDifference: null, warnings: [] });
  expect(result.decisions).toBeGreaterThan(50);
  expect(await whatDiffers(forge(join(folder, 'copy.db'), (each) => [each]))).toBeNull();
});

describe('one byte of the file', () => {
  /** What is said about a copy with one byte changed: an error's or a difference's words. */
  async function verdict(at: number, bytes = readFileSync(run)): Promise<string> {
    const path = join(folder, 'byte.db');
    const copy = Buffer.from(bytes);
    copy[at] ^= 1;
    writeFileSync(path, copy);
    copyFileSync(`${run}.anchor`, `${path}.anchor`);
    try {
      const { identical, firstDifference } = await replay(path, { verify: true });
      return identical ? 'identical' : firstDifference!.what;
    } catch (error) {
      if (error instanceof LogError) return error.message;
      throw error;
    }
  }

  /** Where these bytes stand in the file; pages that were split leave stale copies behind. */
  function placesOf(part: Buffer | string, bytes: Buffer): number[] {
    const places: number[] = [];
    for (let at = bytes.indexOf(part); at >= 0; at = bytes.indexOf(part, at + 1)) places.push(at);
    return places;
  }

  test('in a payload, or among the prices, is named with its commit', async () => {
    const bytes = readFileSync(run);
    const reader = openLogReader(run);
    const first = reader.cursor();
    while (first.next() !== 1);
    const px = Buffer.alloc(8);
    px.writeDoubleLE(first.tick.px);
    reader.close();
    for (const part of ['"intent":5,', px]) {
      const said = new Set<string>();
      for (const at of placesOf(part, bytes)) said.add(await verdict(at + 3, bytes));
      said.delete('identical');
      expect([...said]).toEqual([
        expect.stringMatching(
          /byte\.db, commit 1 \(seq 1 to \d+\),.*bytes are not the ones that were written/,
        ),
      ]);
    }
  });

  test('anywhere is found, or was no part of the log', async () => {
    const bytes = readFileSync(run);
    for (let i = 0; i < 40; i++) {
      const said = await verdict(Math.floor((i * bytes.length) / 40) + 7 * i, bytes);
      expect(said).toMatch(/^identical$|byte\.db/);
    }
  });
});

describe('with the chain computed anew', () => {
  test('the close of one bar is found in the first decision that rests on it', async () => {
    const [crossing] = eventsOf(run, 'ConvictionChanged');
    let seen = 0;
    const path = forge(join(folder, 'price.db'), (record) => {
      if (isTick(record) && record.kind === TickKind.bar && ++seen === 30) record.close *= 1.001;
      return [record];
    });
    const difference = (await whatDiffers(path))!;
    expect(difference.seq).toBeGreaterThan(crossing.seq - 1);
    expect(difference.what).toMatch(
      /ConvictionChanged: payload differs|was decided|is an input|is \w+ in the log/,
    );
  });

  test('the price of a fill is found, although every decision follows from it', async () => {
    const fill = eventsOf(run, 'OrderFilled').at(-1)!;
    const path = forge(join(folder, 'fill.db'), (record, seq) => {
      if (isTick(record) || seq !== fill.seq) return [record];
      const payload = { ...(fill.payload as { lastPx: number }) };
      payload.lastPx += 0.01;
      return [{ ...record, payload, json: canonicalJson(payload) }];
    });
    expect(await whatDiffers(path)).toMatchObject({ seq: fill.seq, what: 'OrderFilled: payload differs' });
  });

  test('a fill that was left out at the end is found', async () => {
    const fill = eventsOf(run, 'OrderFilled').at(-1)!;
    const path = forge(join(folder, 'unfilled.db'), (record, seq) => (seq === fill.seq ? [] : [record]));
    expect(await whatDiffers(path)).toMatchObject({ seq: fill.seq });
  });

  test('a report that the venue never made is named', async () => {
    const fill = eventsOf(run, 'OrderFilled').at(-1)!;
    const [ended] = eventsOf(run, 'SessionEnded');
    const path = forge(join(folder, 'report.db'), (record, seq) =>
      seq === ended.seq ? [{ ...fill, time: record.time, recordedAt: record.recordedAt }, record] : [record],
    );
    expect(await whatDiffers(path)).toMatchObject({
      seq: ended.seq,
      what: 'is OrderFilled in the log, SessionEnded recomputed',
    });
  });

  test('a dropped decision is named', async () => {
    const approval = eventsOf(run, 'RiskApproved')[3];
    const path = forge(join(folder, 'dropped.db'), (record, seq) => (seq === approval.seq ? [] : [record]));
    expect(await whatDiffers(path)).toMatchObject({
      seq: approval.seq,
      what: 'is SubmitAttempted in the log, RiskApproved recomputed',
    });
  });

  test('an added decision is named', async () => {
    const approval = eventsOf(run, 'RiskApproved')[3];
    const path = forge(join(folder, 'added.db'), (record, seq) =>
      seq === approval.seq ? [record, record] : [record],
    );
    expect(await whatDiffers(path)).toMatchObject({
      seq: approval.seq + 1,
      what: 'is RiskApproved in the log, SubmitAttempted recomputed',
    });
  });

  test('a decision that nobody would have made on an uneventful day is named', async () => {
    const [started] = eventsOf(run, 'SymbolDefined');
    const [crossing] = eventsOf(run, 'ConvictionChanged');
    const path = forge(join(folder, 'invented.db'), (record, seq) =>
      seq === started.seq + 2 ? [record, { ...crossing, recordedAt: record.recordedAt }] : [record],
    );
    expect(await whatDiffers(path)).toMatchObject({
      seq: started.seq + 3,
      what: 'was decided then but not now',
    });
  });

  test.each([
    ['causation', { causation: 1 }],
    ['basis', { basis: [1] }],
    ['correlation', { correlation: 'order-99' }],
    ['time', { time: 1 }],
  ])('another %s of a decision is named', async (field, change) => {
    const intended = eventsOf(run, 'OrderIntended')[2];
    const path = forge(join(folder, `${field}.db`), (record, seq) =>
      !isTick(record) && seq === intended.seq ? [{ ...record, ...change }] : [record],
    );
    expect(await whatDiffers(path)).toMatchObject({
      seq: intended.seq,
      what: `OrderIntended: ${field} differs`,
    });
  });
});

describe('one line of a rule', () => {
  const rule = (threshold: number) => `
    import { map } from ${JSON.stringify(import.meta.resolve('rxjs'))};
    import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
    export default {
      name: 'above',
      description: 'long above a price, flat below it',
      params: z.strictObject({}),
      signals: (market) => market.bars(market.symbols[0]).pipe(
        map(({ symbol, close }) => ({ symbol, direction: close > ${threshold} ? 'long' : 'flat', conviction: 100 })),
      ),
    };`;

  test('of a user’s strategy: the replay warns and names the first decision that differs', async () => {
    const file = join(folder, 'above.ts');
    const path = join(folder, 'user.db');
    writeFileSync(file, rule(100));
    await record(path, file, {});
    expect(await replay(path, { verify: true })).toMatchObject({ identical: true, warnings: [] });
    writeFileSync(file, rule(101));
    const { identical, firstDifference, warnings } = await replay(path, { verify: true });
    expect(identical).toBe(false);
    expect(warnings).toEqual([`${file} has changed since this session was recorded`]);
    expect(firstDifference!.what).toMatch(/decided|differs|in the log/);
    expect(firstDifference!.recorded ?? firstDifference!.recomputed).toMatch(/^ConvictionChanged at \d+/);
  });

  test('of the configuration it ran under, which the log itself holds', async () => {
    const path = forge(join(folder, 'config.db'), (record) => {
      if (isTick(record) || record.type !== 'SessionStarted') return [record];
      const payload = structuredClone(record.payload) as { run: { strategy: { params: { slow: number } } } };
      payload.run.strategy.params.slow = 21;
      return [{ ...record, payload, json: canonicalJson(payload) }];
    });
    expect((await whatDiffers(path))!.seq).toBeGreaterThan(2);
  });
});
