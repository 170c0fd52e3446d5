/** What was acknowledged survives: a running session is killed, thirty times, at whatever it is doing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { replay } from '../../replay/replay.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { openLogReader } from '../../src/log/log-reader.ts';
import { openLogForAppend } from '../../src/log/log-writer.ts';
import { linesOf, runEngine, whileFolder } from '../engine/engine-run.ts';
import { killedRun } from './killed-run.ts';

const KILLS = 30;
const AT_ONCE = 3;
const child = fileURLToPath(new URL('./killed-session.ts', import.meta.url));

/** Starts a session, kills it some milliseconds after its first acknowledgement; answers the last seq it acknowledged. */
async function killOne(
  path: string,
  every: number,
  afterMs: number,
): Promise<{ acknowledged: number; done: boolean }> {
  const process_ = spawn(process.execPath, ['--import', 'tsx', child, path, `${every}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  process_.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  await once(process_.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  process_.kill('SIGKILL');
  await once(process_, 'close');
  const lines = printed.slice(0, printed.lastIndexOf('\n')).split('\n');
  return {
    acknowledged: Number(lines.filter((line) => line !== 'done').at(-1)),
    done: lines.includes('done'),
  };
}

test(`a session killed ${KILLS} times keeps what it acknowledged, and replays identically`, async () => {
  const { dataset, options } = killedRun();
  const whole = runEngine([dataset], options);
  const wholeLines = linesOf(whole.decisions);
  expect(wholeLines.length).toBeGreaterThan(300);
  let cutShort = 0;

  async function oneKill(folder: string, n: number): Promise<void> {
    const path = join(folder, `run-${n}.db`);
    const { acknowledged, done } = await killOne(path, 1 + ((n * 7) % 40), Math.floor(Math.random() * 250));
    if (!done) cutShort++;
    expect(acknowledged).toBeGreaterThan(0);
    const reader = openLogReader(path, { verify: true }); // the chain holds, nothing is missing in between
    const head = reader.head();
    const decisions: StoredEvent[] = [...reader.events({ kind: 'decision' })];
    reader.close();
    expect(head.seq).toBeGreaterThanOrEqual(acknowledged);
    expect(linesOf(decisions)).toEqual(wholeLines.slice(0, decisions.length));
    expect(await replay(path, { verify: true })).toMatchObject({ identical: true, firstDifference: null });
    openLogForAppend(path).close(); // the writer's lock died with its process
  }

  await whileFolder(async (folder) => {
    for (let n = 0; n < KILLS; n += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => oneKill(folder, n + i)));
    }
  });
  expect(cutShort).toBeGreaterThan(KILLS / 2);
}, 300_000);
