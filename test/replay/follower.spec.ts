/** The follower answers in a thread of its own what the traveller answers at once, and keeps up with a log that grows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { LogFollower } from '../../replay/follower.ts';
import type { EngineMoment, LogHeadNow } from '../../replay/moment.ts';
import { TimeTravel } from '../../replay/time-travel.ts';
import { InputError } from '../../src/domain/input-error.ts';
import { openLogReader } from '../../src/log/log-reader.ts';
import { createLog } from '../../src/log/log-writer.ts';
import { datasetOf } from '../../src/testing/dataset-of.ts';
import { tradingDays, wanderingDays } from '../engine/markets.ts';
import { fewDays, record } from './recorded-sessions.ts';

let folder: string;
let path: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quantos-follower-'));
  path = fewDays(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

let follower: LogFollower;
afterEach(() => follower.close());

async function until(isSo: () => boolean): Promise<void> {
  for (let left = 600; !isSo(); left--) {
    if (left === 0) throw new Error('it does not come');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('every answer is the traveller’s', async () => {
  const travel = await TimeTravel.open(path);
  travel.advance();
  follower = new LogFollower(path);
  // Asked before the log was read.
  const early = follower.moment({ seq: 40 });
  expect(await follower.head()).toEqual(travel.head);
  expect(await early).toEqual(travel.at({ seq: 40 }));
  expect(await follower.moment()).toEqual(travel.at());
  expect(await follower.events({ types: ['OrderFilled'] })).toEqual(
    travel.events({ types: ['OrderFilled'] }),
  );
  expect(await follower.event(100)).toEqual(travel.event(100));
  expect(await follower.series({ symbol: 'SP500' })).toEqual(travel.series({ symbol: 'SP500' }));
  expect(await follower.equity()).toEqual(travel.equity());
  expect(await follower.fills()).toEqual(travel.fills());
  travel.close();
});

test('a bad question is refused by its sentence, and the next one is answered', async () => {
  follower = new LogFollower(path);
  const refused = follower.moment({ seq: 10 ** 9 });
  await expect(refused).rejects.toBeInstanceOf(InputError);
  await expect(refused).rejects.toThrow(/1000000000 is not in it/);
  await expect(follower.watch(1)).rejects.toThrow(/at most every 20 ms/);
  expect((await follower.moment({ seq: 30 })).seq).toBeGreaterThan(0);
});

test('a log that cannot be read is said by every answer', async () => {
  const failures: string[] = [];
  follower = new LogFollower(join(folder, 'none.db'), { onFailed: ({ message }) => failures.push(message) });
  await expect(follower.head()).rejects.toThrow(/none\.db does not exist/);
  await expect(follower.moment()).rejects.toThrow(/none\.db does not exist/);
  expect(failures).toHaveLength(1);
});

test('it reads on as the log grows, says so, and shows the newest moment as often as was asked', async () => {
  const whole = openLogReader(path);
  const growing = join(folder, 'growing.db');
  const log = createLog(growing, { session: 'recorded', flush: 'batch' });
  const cursor = whole.cursor();
  const writeUpTo = (seq: number) => {
    while (cursor.seq < seq) {
      if (cursor.next() === 1) log.tick(cursor.seq, cursor.tick, cursor.source);
      else log.event(cursor.event);
    }
    log.flush();
  };
  writeUpTo(60);
  const heads: LogHeadNow[] = [];
  const moments: EngineMoment[] = [];
  follower = new LogFollower(growing, {
    onHead: (head) => heads.push(head),
    onMoment: (moment) => moments.push(moment),
  });
  expect(await follower.head()).toMatchObject({ seq: 60, ended: false });
  await follower.watch(100);
  await until(() => moments.length > 0);
  writeUpTo(200);
  await until(() => heads.some(({ seq }) => seq === 200));
  await until(() => moments.some(({ head }) => head.seq === 200));
  await follower.watch(null);
  const shown = moments.length;
  writeUpTo(whole.head().seq);
  await until(() => heads.at(-1)!.ended);
  expect(moments.length).toBe(shown);
  expect((await follower.moment()).seq).toBe(whole.head().seq);
  log.close();
  whole.close();
});

test('it tells of the next session of a chain and follows it when told to', async () => {
  const rolled = mkdtempSync(join(folder, 'rolled-'));
  const bars = wanderingDays(1, tradingDays('2016-12-31', 4));
  const first = record(rolled, [datasetOf({ AAA: { bars } })], { roll: 'daily' });
  const next: string[] = [];
  follower = new LogFollower(first, { onNext: (each) => next.push(each) });
  expect(await follower.head()).toMatchObject({ ended: true });
  await until(() => next.length > 0);
  expect(next).toEqual([join(rolled, 'run.2.db')]);
  await expect(follower.follow(join(rolled, 'none.db'))).rejects.toThrow(/does not exist/);
  const before = (await follower.moment()).session.name;
  await follower.follow(next[0]);
  const { session } = await follower.moment();
  expect([session.name, session.continues]).toEqual([`${before}-2`, before]);
});

test('once closed it answers nobody', async () => {
  follower = new LogFollower(path);
  const refused = expect(follower.moment()).rejects.toThrow(/was closed/);
  await follower.close();
  await refused;
  await expect(follower.head()).rejects.toThrow(/was closed/);
});
