/** Fear and greed from an address: read where it is pointed at, asked seldom, and silent where it fails. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import {
  type FearGreedOptions,
  FearGreedSource,
} from '../../../src/adapters/fear-greed/fear-greed-source.ts';
import { SteppedClock } from '../../live/stepped-clock.ts';
import { type Heard, recordingLane, until } from '../redis/bus-rig.ts';

const START = 1_790_000_000_000_000;
const INDEX = '{"name": "Fear and Greed Index", "data": [{"value": "40", "timestamp": "1789948800"}]}';

async function source(
  answer: (response: ServerResponse, nth: number) => void,
  more: Partial<FearGreedOptions> = {},
) {
  let asked = 0;
  const server = createServer((_, response) => answer(response, (asked += 1)));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const clock = new SteppedClock(START);
  let armed = 0;
  const after = clock.after.bind(clock);
  clock.after = (delayMs, run) => {
    armed += 1;
    return after(delayMs, run);
  };
  const heard: Heard[] = [];
  const said: string[] = [];
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fng?token=canary-token-5511`;
  const edge = new FearGreedSource({
    lane: recordingLane(heard),
    clock,
    url,
    pointer: '/data/0/value',
    say: (sentence) => said.push(sentence),
    ...more,
  });
  onTestFinished(async () => {
    await edge.stop();
    server.closeAllConnections();
    server.close();
  });
  edge.start();
  /** Until the source waits for its next round. */
  const settled = async (rounds: number) => {
    // One timer for the answer, and one for the pause after it. Second by second: an answer takes none of this clock's.
    const begun = clock.now();
    while (armed < 2 * rounds - 1) clock.advance(1_000);
    const waitedS = (clock.now() - begun) / 1e6;
    await until(() => armed === 2 * rounds);
    return waitedS;
  };
  return { edge, clock, heard, said, settled, asked: () => asked };
}

test('the number is read where the pointer points, and said again every ten minutes with a new end', async () => {
  const { heard, settled } = await source((response) => response.end(INDEX));
  await settled(1);
  const host = expect.stringMatching(/^127\.0\.0\.1:\d+$/);
  expect(heard).toEqual([
    { type: 'FearGreedReported', payload: { value: 40, source: host, expiresAt: START + 900e6 } },
  ]);
  expect(Math.abs((await settled(2)) - 600)).toBeLessThanOrEqual(61);
  expect(heard).toHaveLength(2);
  expect(heard[1].payload.expiresAt).toBeGreaterThan(START + 1_400e6);
});

const faults: readonly (readonly [string, (response: ServerResponse) => void, RegExp])[] = [
  ['500', (response) => void response.writeHead(500).end('no'), /it answered 500/],
  ['no JSON', (response) => void response.end('<html>'), /it is not JSON/],
  [
    'another form',
    (response) => void response.end('{"data": []}'),
    /no number from 0 to 100 at "\/data\/0\/value"/,
  ],
  ['a number out of range', (response) => void response.end('{"data": [{"value": 400}]}'), /no number/],
  ['a megabyte', (response) => void response.end('x'.repeat(1_048_576)), /longer than 65536 bytes/],
  [
    'a cut answer',
    (response) =>
      void response.writeHead(200, { 'content-length': '900' }).write('{', () => response.destroy()),
    /./,
  ],
];
test.each(faults)(
  'an answer with %s is no number; it is said once a minute and asked again',
  async (_, answer, reason) => {
    const { heard, said, settled } = await source((response, nth) =>
      nth < 3 ? answer(response) : response.end(INDEX),
    );
    await settled(1);
    expect(heard.filter(({ type }) => type === 'FearGreedReported')).toEqual([]);
    expect(said).toEqual([expect.stringMatching(reason)]);
    expect(Math.abs((await settled(2)) - 15)).toBeLessThanOrEqual(3);
    expect(said).toHaveLength(1);
    expect(heard.length).toBeLessThanOrEqual(1);
    expect(Math.abs((await settled(3)) - 30)).toBeLessThanOrEqual(5);
    expect(heard.at(-1)).toMatchObject({ type: 'FearGreedReported', payload: { value: 40 } });
    expect(JSON.stringify([heard, said])).not.toContain('canary-token');
  },
);

test('a server that is silent is left after ten seconds', async () => {
  const { clock, said, asked, settled } = await source(() => {});
  await until(() => asked() === 1);
  clock.advance(10_000);
  await settled(1);
  expect(said).toEqual([expect.stringMatching(/does not answer/)]);
});

test('stopped, it hands in nothing more and no timer waits', async () => {
  let finish: () => void = () => {};
  const { edge, clock, heard, said, asked } = await source((response) => {
    finish = () => response.end(INDEX);
  });
  await until(() => asked() === 1);
  await edge.stop();
  finish();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([heard, said, clock.pending]).toEqual([[], [], 0]);
});
