/** A moment found by a checkpoint is the moment that a replay from the beginning comes to, in every kind of session. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backtest } from '../../replay/backtest.ts';
import { RowComparison } from '../../replay/decision-comparison.ts';
import type { EngineMoment } from '../../replay/moment.ts';
import { SessionPlayer } from '../../replay/session-player.ts';
import { stateAt } from '../../replay/state-at.ts';
import { loadStrategy } from '../../replay/strategy-loader.ts';
import { TimeTravel } from '../../replay/time-travel.ts';
import { createRandom } from '../../src/domain/random.ts';
import { describeState } from '../../src/engine/core.ts';
import { canonicalJson } from '../../src/events/canonical.ts';
import type { ConvictionChanged } from '../../src/events/decision.events.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { openLogReader } from '../../src/log/log-reader.ts';
import { createLog } from '../../src/log/log-writer.ts';
import { datasetOf } from '../../src/testing/dataset-of.ts';
import { runSpec } from '../engine/engine-run.ts';
import { tradingDays, wanderingDays } from '../engine/markets.ts';
import { fewDays, recordedSessions } from './recorded-sessions.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quantos-travel-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const emptyFolder = (): string => mkdtempSync(join(folder, 'log-'));

type State = Awaited<ReturnType<typeof stateAt>>;

/** Of a moment what `quantos state` says, too. */
const asState = (moment: EngineMoment, like: object): object =>
  Object.fromEntries(Object.keys(like).map((key) => [key, moment[key as keyof EngineMoment]]));

/** One replay from the beginning that stops at every target; what a restored core would say must be what this one says. */
async function statesByReplay(path: string, targets: readonly number[]): Promise<Map<number, object>> {
  const reader = openLogReader(path);
  const travel = await TimeTravel.open(path);
  const comparison = new RowComparison();
  const { manifest } = travel;
  const { strategy } = await loadStrategy(
    manifest.run.strategy.file ?? manifest.run.strategy.name,
    manifest.run.strategy.params,
  );
  const player = new SessionPlayer(manifest, strategy, comparison);
  const states = new Map<number, object>();
  for (const seq of [...targets].sort((a, b) => a - b)) {
    player.play(reader.cursor({ from: player.position + 1 }), { seq });
    const { time, ...state } = describeState(player.core);
    states.set(seq, { ...state, timeUs: time });
  }
  expect(comparison.differsFrom).toBeNull();
  travel.close();
  reader.close();
  return states;
}

describe('a moment by checkpoint is the moment by replay', () => {
  test.each(Object.keys(recordedSessions))('%s', { timeout: 240_000 }, async (name) => {
    const path = await recordedSessions[name](emptyFolder());
    const travel = await TimeTravel.open(path, { every: 20, countMax: 2_000 });
    travel.advance();
    const { head } = travel;
    expect(travel.checkpoints.count).toBeGreaterThan(2);
    const { nextUnit } = createRandom(11);
    const anywhere = Array.from({ length: 40 }, () => 1 + Math.floor(nextUnit() * head.seq));
    // While an order is out, most can be lost.
    const { events } = travel.events({ types: ['OrderAccepted', 'WalkStepped', 'OrderFilled'], limit: 500 });
    const amidOrders = Array.from({ length: 40 }, () => {
      const { seq } = events[Math.floor(nextUnit() * events.length)];
      return Math.min(head.seq, seq + Math.floor(nextUnit() * 12));
    });
    const seqs = [...anywhere, ...amidOrders];
    const byReplay = await statesByReplay(path, seqs);
    const seen = { orders: 0, positions: 0 };
    for (const seq of seqs) {
      const moment = travel.at({ seq });
      const state = byReplay.get(seq)!;
      expect([seq, asState(moment, state)]).toEqual([seq, state]);
      seen.orders += moment.orders.length;
      seen.positions += moment.positions.length;
    }
    // Else nothing was there to go wrong.
    expect(seen.orders + seen.positions).toBeGreaterThan(3);
    for (let i = 0; i < 3; i++) {
      const seq = seqs[i];
      const timeUs = travel.at({ seq }).timeUs + (i - 1) * 1_000_000;
      const [bySeq, byTime]: State[] = [await stateAt(path, { seq }), await stateAt(path, { time: timeUs })];
      expect(asState(travel.at({ seq }), bySeq)).toEqual(bySeq);
      expect(asState(travel.at({ timeUs }), byTime)).toEqual(byTime);
    }
    expect(travel.inexact).toBe(false);
    expect(travel.at().differsFrom).toBeNull();
    travel.close();
  });

  test('of a strategy that remembers more than it says, which no checkpoint holds', {
    timeout: 120_000,
  }, async () => {
    const file = fileURLToPath(new URL('./strategies/counts-all-bars.ts', import.meta.url));
    const { strategy, spec } = await loadStrategy(file, {});
    const dataset = datasetOf({ AAA: { bars: wanderingDays(4, tradingDays('2012-12-31', 900)) } });
    const out = join(emptyFolder(), 'run.db');
    backtest({
      datasets: [{ ...dataset, notes: [], rejected: 0, close: () => {} }],
      run: { ...runSpec({ profile: 'plain', sizing: { kind: 'fixed', quantity: 10 } }), strategy: spec },
      strategy,
      out,
      to: null,
      session: 'remembers',
      modelled: [],
    });
    const travel = await TimeTravel.open(out, { every: 150 });
    travel.advance();
    const seqs = [travel.head.seq - 1, travel.head.seq - 300, travel.head.seq - 900];
    for (const seq of seqs) {
      const state = await stateAt(out, { seq });
      expect(asState(travel.at({ seq }), state)).toEqual(state);
    }
    expect(travel.inexact).toBe(true);
    travel.close();
  });
});

describe('a log that is still written', () => {
  test('is read on, and its newest moment is the end of what was committed', async () => {
    const whole = openLogReader(fewDays(emptyFolder()));
    const path = join(emptyFolder(), 'growing.db');
    const log = createLog(path, { session: 'recorded', flush: 'batch' });
    const cursor = whole.cursor();
    const writeUpTo = (seq: number) => {
      while (cursor.seq < seq) {
        if (cursor.next() === 1) log.tick(cursor.seq, cursor.tick, cursor.source);
        else log.event(cursor.event);
      }
      log.flush();
    };
    writeUpTo(60);
    const travel = await TimeTravel.open(path, { every: 20 });
    expect(travel.advance()).toBe(true);
    const first = travel.at();
    expect(travel.head).toMatchObject({ seq: 60, ended: false });
    writeUpTo(whole.head().seq);
    expect(travel.at().seq).toBe(first.seq);
    travel.advance();
    expect(travel.head).toMatchObject({ seq: whole.head().seq, ended: true });
    const state = await stateAt(path, {});
    expect(asState(travel.at(), state)).toEqual(state);
    expect(travel.at({ seq: 60 }).equity).toBe(first.equity);
    travel.close();
    log.close();
    whole.close();
  });
});

describe('a log of another mind', () => {
  test('opens, and every moment says from where on this code decides otherwise', async () => {
    const from = fewDays(emptyFolder());
    const changed = firstOf(from, 'ConvictionChanged');
    const path = rewritten(from, (event) =>
      event.seq === changed.seq
        ? { ...event, json: canonicalJson({ ...(event.payload as ConvictionChanged), conviction: 99.5 }) }
        : event,
    );
    const travel = await TimeTravel.open(path, { every: 20 });
    travel.advance();
    expect(travel.at().differsFrom).toBe(changed.seq);
    expect(travel.at({ seq: changed.seq + 40 })).toMatchObject({ differsFrom: changed.seq });
    const [newest] = travel.at({ seq: changed.seq }).symbols;
    expect(newest.conviction!.payload.conviction).toBe(99.5); // as recorded
    travel.close();
  });

  test('that lacks decisions is still travelled by its own seqs', async () => {
    const from = fewDays(emptyFolder());
    const last = openLogReader(from);
    const total = last.head().seq;
    last.close();
    const gone = firstOf(from, 'SelectionMade');
    const path = rewritten(from, (event) => (event.seq === gone.seq ? null : event));
    const travel = await TimeTravel.open(path, { every: 20 });
    travel.advance();
    expect(travel.head.seq).toBe(total - 1);
    for (const seq of [gone.seq + 30, total - 10]) {
      expect(travel.at({ seq }).seq).toBeLessThanOrEqual(seq);
      expect(travel.at({ seq }).differsFrom).toBe(gone.seq);
    }
    travel.close();
  });
});

describe('what cannot be travelled is refused in one sentence', () => {
  test('a file that is not there, one that is no log, and one that holds no session', async () => {
    await expect(TimeTravel.open(join(folder, 'none.db'))).rejects.toThrow(/none\.db does not exist/);
    const text = join(folder, 'text.db');
    writeFileSync(text, 'bars, and nothing else');
    await expect(TimeTravel.open(text)).rejects.toThrow(/text\.db/);
  });

  test('a moment before the first record or after the last', async () => {
    const travel = await TimeTravel.open(fewDays(emptyFolder()));
    travel.advance();
    const { seq } = travel.head;
    expect(() => travel.at({ seq: seq + 1 })).toThrow(`has seq 1 to ${seq}; ${seq + 1} is not in it`);
    expect(() => travel.at({ seq: 0 })).toThrow(/has seq 1 to/);
    expect(() => travel.at({ timeUs: 1 })).toThrow(/begins at \d{4}-.*; there is no state before it/);
    travel.close();
  });
});

function firstOf(path: string, type: string): StoredEvent {
  const reader = openLogReader(path);
  const event = reader.events({ type }).next().value as StoredEvent;
  reader.close();
  return event;
}

/** The log once more with other events: what an engine left that decided otherwise. */
function rewritten(path: string, edit: (event: StoredEvent) => StoredEvent | null): string {
  const out = join(emptyFolder(), 'rewritten.db');
  const reader = openLogReader(path);
  const log = createLog(out, { session: reader.session, flush: 'batch' });
  const cursor = reader.cursor();
  for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
    if (kind === 1) log.tick(log.lastSeq + 1, cursor.tick, cursor.source);
    else {
      const event = edit(cursor.event);
      if (event !== null) log.event({ ...event, seq: log.lastSeq + 1 });
    }
  }
  log.close();
  reader.close();
  return out;
}
