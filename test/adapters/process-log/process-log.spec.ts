/** The process's log as people and machines read it, and what never stands in it. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type LogLevel, ProcessLog } from '../../../src/adapters/process-log/process-log.ts';
import { redactor } from '../../../src/domain/redaction.ts';
import type { StoredEvent } from '../../../src/events/envelope.ts';

const folder = mkdtempSync(join(tmpdir(), 'quantos-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Its base64 has a plus and a slash, which the alphabet for addresses writes otherwise.
const SECRET = 'CANARY>>>???of=this"test';

function logOf(file: string | null, level: LogLevel = 'debug') {
  const lines: string[] = [];
  const failures: string[] = [];
  const log = new ProcessLog({
    level,
    redact: redactor([SECRET]),
    file,
    stderr: (line) => lines.push(line),
    onFailure: (sentence) => failures.push(sentence),
  });
  return { log, lines, failures };
}

const eventOf = (type: string, payload: object) =>
  ({ seq: 7, type, source: 'core', causation: 6, payload, json: JSON.stringify(payload) }) as StoredEvent;

test('events are lines of JSON with their place in the log, on stderr and in a file of the user alone', async () => {
  const file = join(folder, 'engine.log');
  const { log, lines } = logOf(file);
  log.event(eventOf('OrderFilled', { ordinal: 3, lastQty: 10 }));
  log.error('engine halted', { why: 'boom' });
  await log.close();
  expect(JSON.parse(lines[0])).toMatchObject({
    level: 'info',
    msg: 'OrderFilled',
    seq: 7,
    source: 'core',
    causation: 6,
    payload: { ordinal: 3, lastQty: 10 },
  });
  expect(readFileSync(file, 'utf8')).toBe(`${lines.join('\n')}\n`);
  expect(statSync(file).mode & 0o077).toBe(0);
});

test('the level decides what is written', async () => {
  const { log, lines } = logOf(null, 'warn');
  log.event(eventOf('OrderFilled', {}));
  log.event(eventOf('ClockTicked', {}));
  log.event(eventOf('FeedLost', { feed: 'stocks' }));
  expect(lines).toHaveLength(1);
  const quiet = logOf(null, 'silent');
  quiet.log.event(eventOf('EngineHalted', {}));
  expect(quiet.lines).toEqual([]);
});

test('a secret stands nowhere, in no spelling and behind no field', async () => {
  const file = join(folder, 'secrets.log');
  const { log } = logOf(file);
  const spelled = [
    SECRET,
    encodeURIComponent(SECRET),
    Buffer.from(SECRET).toString('base64'),
    Buffer.from(SECRET).toString('base64url'),
    Buffer.from(SECRET).toString('hex'),
    JSON.stringify({ deep: SECRET }),
  ];
  for (const each of spelled) {
    log.info(`message ${each}`, { field: each, nested: { deeper: [each] } });
    log.event(eventOf('FeedLost', { reason: each }));
  }
  log.info('headers', {
    request: { headers: { 'APCA-API-KEY-ID': 'unknownkey1', authorization: 'Bearer unknowntoken' } },
    text: 'APCA-API-SECRET-KEY: unknownkey2 and wss://user:unknownkey3@host/x and ?token=x&api_key=unknownkey4',
    client: { secret: 'unknownkey5', token: 'unknownkey6' },
    hook: 'https://hooks.slack.com/services/T0/B0/unknownkey7',
  });
  await log.close();
  const text = readFileSync(file, 'utf8');
  for (const each of [
    ...spelled.slice(0, 5),
    'CANARY',
    ...[1, 2, 3, 4, 5, 6, 7].map((n) => `unknownkey${n}`),
    'unknowntoken',
  ])
    expect(text).not.toContain(each);
  for (const line of text.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
});

test('a payload of pages is cut', async () => {
  const { log, lines } = logOf(null);
  log.event(eventOf('SessionStarted', { session: 'x'.repeat(100_000) }));
  expect(lines[0].length).toBeLessThan(3_000);
});

test('a file that cannot be written is said, and the engine goes on', async () => {
  const { log, lines, failures } = logOf(folder);
  log.info('one');
  await new Promise((resolve) => setTimeout(resolve, 50));
  log.info('two');
  await log.close();
  expect(lines).toHaveLength(2);
  expect(failures).toHaveLength(1);
  expect(failures[0]).toContain('cannot be written');
});
