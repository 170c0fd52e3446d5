/** What is durable when: a log whose disk syncs when the test says so, and whose anchor is a real file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as later, setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { Tick } from '../../src/events/tick.ts';
import { createLog } from '../../src/log/log-writer.ts';
import { verifyLog } from '../../src/log/verify-log.ts';
import type { LogSync } from '../../src/log/wal-sync.ts';
import { whileFolder } from './sample-log.ts';

class SlowDisk implements LogSync {
  /** Syncs at once, so far. */
  forced = 0;
  fails: Error | null = null;
  #end: ((error: Error | null) => void) | null = null;
  closed = false;

  get isBusy(): boolean {
    return this.#end !== null;
  }

  now(): void {
    if (this.fails !== null) throw this.fails;
    this.forced++;
  }

  soon(done: (error: Error | null) => void): void {
    if (this.#end !== null) throw new Error('two syncs at a time');
    this.#end = done;
  }

  end(error: Error | null = null): void {
    const end = this.#end;
    this.#end = null;
    end?.(error);
  }

  close(): void {
    this.closed = true;
  }
}

function slowLog(folder: string) {
  const path = join(folder, 'run.db');
  const disk = new SlowDisk();
  const clock = { ms: 0 };
  const log = createLog(path, { session: 'test', now: () => clock.ms, syncOf: () => disk });
  const tick = new Tick();
  return {
    path,
    disk,
    clock,
    log,
    append: () => log.tick(log.lastSeq + 1, tick, 'feed'),
    pass: (ms: number) => {
      clock.ms += ms;
      log.settle();
    },
    anchored: (): number => JSON.parse(readFileSync(`${path}.anchor`, 'utf8')).seq,
  };
}

const DISK_FULL = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });

test('who waits is told once the disk has ended its sync and the anchor names the commit', async () => {
  await whileFolder(async (folder) => {
    const { log, disk, append, anchored } = slowLog(folder);
    const told: number[] = [];
    append();
    log.flushSoon(() => told.push(anchored()));
    append();
    await turn();
    expect([told, anchored(), disk.isBusy]).toEqual([[], 0, true]);
    disk.end();
    await vi.waitFor(() => expect(told).toEqual([1]));
    // Nothing new: still on a later turn, and without the disk.
    append();
    log.flush();
    log.flushSoon(() => told.push(anchored()));
    expect(told).toEqual([1]);
    await vi.waitFor(() => expect(told).toEqual([1, 3]));
    expect(disk.isBusy).toBe(false);
    log.close();
    expect(disk.closed).toBe(true);
  });
});

test('an interval ends without waiting for the disk, unless the disk is behind', async () => {
  await whileFolder(async (folder) => {
    const { disk, append, pass, log } = slowLog(folder);
    append();
    pass(100);
    expect([disk.isBusy, disk.forced]).toEqual([true, 0]);
    append();
    pass(99);
    append();
    expect(disk.forced).toBe(0);
    pass(1);
    expect(disk.forced).toBe(1);
    disk.end();
    append();
    pass(100);
    expect([disk.isBusy, disk.forced]).toEqual([true, 1]);
    disk.end();
    log.close();
  });
});

test('on a disk slower than commits come, who waits is told all the same', async () => {
  await whileFolder(async (folder) => {
    const { log, disk, append, pass, anchored } = slowLog(folder);
    const told: number[] = [];
    append();
    log.flushSoon(() => told.push(anchored()));
    for (let turns = 0; told.length === 0 && turns < 2_000; turns++) {
      append();
      pass(100);
      disk.end();
      await turn();
    }
    expect(told).toHaveLength(1);
    disk.end();
    log.close();
  });
});

test('a sync that failed ends the log: who waits and who appends is told what is safe, and nothing is synced again', async () => {
  await whileFolder(async (folder) => {
    const { path, log, disk, append, pass } = slowLog(folder);
    append();
    log.flush();
    append();
    const said = /cannot be appended to: .*EIO.*everything up to seq 1 is safe, nothing more is written/;
    const told: (string | undefined)[] = [];
    log.flushSoon((error) => told.push(error?.message));
    append();
    disk.end(DISK_FULL);
    await vi.waitFor(() => expect(told).toHaveLength(1));
    expect(told).toEqual([expect.stringMatching(said)]);
    for (const again of [append, () => pass(1_000), () => log.flush(), () => log.flushSoon(() => {})])
      expect(again).toThrow(said);
    const { forced } = disk;
    log.close();
    expect(disk.forced).toBe(forced);
    expect(verifyLog(path)).toMatchObject({ ok: true });
  });
});

test('a flush whose sync fails throws, and what waited is not told that all is well', async () => {
  await whileFolder(async (folder) => {
    const { log, disk, append } = slowLog(folder);
    append();
    const told: boolean[] = [];
    log.flushSoon((error) => told.push(error === null));
    disk.fails = DISK_FULL;
    append();
    expect(() => log.flush()).toThrow(/everything up to seq 0 is safe/);
    disk.end();
    await later(20);
    expect(told).not.toContain(true);
    log.close();
  });
});

test('whatever the order of commits and syncs, nobody is told before a sync that began after the commit has ended', async () => {
  const step = fc.constantFrom('append', 'interval', 'flush', 'soon', 'end', 'turn');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), (steps) =>
      whileFolder(async (folder) => {
        const { log, disk, append, pass, anchored } = slowLog(folder);
        /** Last seq that is certain to be on the disk: appended when a sync began that has ended since. */
        let [safe, syncing] = [0, 0];
        const [asked, told, early]: [number[], number[], number[]] = [[], [], []];
        const soon = disk.soon.bind(disk);
        disk.soon = (done) => {
          syncing = log.lastSeq;
          soon(done);
        };
        const end = (): void => {
          if (disk.isBusy) safe = Math.max(safe, syncing);
          disk.end();
        };
        append();
        for (const each of steps) {
          const { forced } = disk;
          if (each === 'append') append();
          else if (each === 'interval') pass(100);
          else if (each === 'flush') log.flush();
          else if (each === 'end') end();
          else if (each === 'turn') await new Promise((resolve) => setTimeout(resolve, 1));
          else {
            const seq = log.lastSeq;
            asked.push(seq);
            log.flushSoon(() => {
              told.push(seq);
              if (Math.min(safe, anchored()) < seq) early.push(seq);
            });
          }
          if (disk.forced > forced) safe = log.lastSeq;
          expect(anchored()).toBeLessThanOrEqual(safe);
        }
        for (let turns = 0; told.length < asked.length && turns < 500; turns++) {
          end();
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        expect([told, early]).toEqual([asked, []]);
        log.close();
      }),
    ),
    { numRuns: 60 },
  );
});
