import { once } from 'node:events';
import { encode, encodeTimeSpecToTimestamp } from '@msgpack/msgpack';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { StreamConnection } from '../../../src/adapters/alpaca/stream-connection.ts';
import { SteppedClock } from '../../live/stepped-clock.ts';
import { CREDENTIALS, MarketServer, until } from './market-server.ts';

let server: MarketServer;
let url: string;
let clock: SteppedClock;
let said: string[];
let frames: unknown[];
let onMessage: (frame: unknown) => void;
const open: StreamConnection[] = [];

beforeEach(async () => {
  server = new MarketServer();
  url = (await server.listen()).replace('http', 'ws');
  clock = new SteppedClock(1_700_000_000_000_000);
  said = [];
  frames = [];
  onMessage = (frame) => frames.push(frame);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.stop()));
  await server.close();
});

function connection(protocol: 'data' | 'orders' = 'data', to = url): StreamConnection {
  const made = new StreamConnection(
    { protocol, url: to, ...CREDENTIALS, clock, seed: 1 },
    {
      connected: () => said.push('connected'),
      lost: (reason, code, final) => said.push(`lost ${code} ${final ? 'for good' : ''}: ${reason}`),
      message: (frame) => onMessage(frame),
      rejected: (reason) => said.push(`rejected: ${reason}`),
    },
  );
  open.push(made);
  return made;
}

const connects = async (times = 1) => {
  await until(() => said.filter((each) => each === 'connected').length === times);
};

/** Moves the clock in steps, letting sockets run in between. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    clock.advance(100);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a stream of market data', () => {
  test('is connected once the subscription is acknowledged, and subscribes in one message', async () => {
    const stream = connection();
    stream.subscribe({ quotes: ['AAPL', 'SPY'], trades: ['AAPL'] });
    stream.start();
    await connects();
    expect(server.heard[0].map(({ action }) => action)).toEqual(['auth', 'subscribe']);
    expect(server.heard[0][1]).toEqual({ action: 'subscribe', quotes: ['AAPL', 'SPY'], trades: ['AAPL'] });
  });

  test('without a subscription is connected once it is authenticated', async () => {
    connection().start();
    await connects();
    expect(server.heard[0].map(({ action }) => action)).toEqual(['auth']);
  });

  test('hands on frames as they were sent, to the nanosecond', async () => {
    connection().start();
    await connects();
    const bytes = encode([{ T: 'q', S: 'AAPL', i: 1n }], { useBigInt64: true });
    server.raw(bytes);
    server.raw(timedFrame());
    await until(() => frames.length === 2);
    expect(frames).toEqual([
      { T: 'q', S: 'AAPL', i: 1n },
      { t: { epochSeconds: 1_700_000_000, nanos: 123_456_789 } },
    ]);
  });

  test('changes its subscription by what differs, making room first', async () => {
    const stream = connection();
    stream.subscribe({ quotes: ['A', 'B'] });
    stream.start();
    await connects();
    stream.subscribe({ quotes: ['B', 'C'] });
    stream.subscribe({ quotes: ['B', 'D'] });
    await until(() => server.heard[0].length === 6);
    expect(server.heard[0].slice(2)).toEqual([
      { action: 'unsubscribe', quotes: ['A'] },
      { action: 'subscribe', quotes: ['C'] },
      { action: 'unsubscribe', quotes: ['C'] },
      { action: 'subscribe', quotes: ['D'] },
    ]);
    server.sockets[0].terminate();
    await until(() => said.length === 2);
    await pass(1_000);
    await connects(2);
    expect(server.heard[1][1]).toEqual({ action: 'subscribe', quotes: ['B', 'D'] });
  });

  test('a listener that throws loses its frame and no other', async () => {
    onMessage = (frame) => {
      if ((frame as { n: number }).n === 2) throw new Error('cannot');
      frames.push(frame);
    };
    connection().start();
    await connects();
    server.send({ T: 'q', n: 1 }, { T: 'q', n: 2 }, { T: 'q', n: 3 });
    await until(() => frames.length === 2);
    expect(said).toEqual(['connected', 'rejected: it could not be used: cannot']);
  });

  test('a frame that is no object drops only itself', async () => {
    connection().start();
    await connects();
    server.send({ T: 'q', n: 1 }, 7, null, { T: 'q', n: 3 });
    await until(() => frames.length === 2);
    expect(said.filter((each) => each.startsWith('rejected'))).toHaveLength(2);
  });

  test('bytes that are no msgpack are rejected and a loss, and it connects anew', async () => {
    connection().start();
    await connects();
    server.raw(Uint8Array.of(0xc1, 1, 2));
    await until(() => said.length === 3);
    expect(said[1]).toMatch(/^rejected: failed to decode message/);
    expect(said[2]).toMatch(/^lost null : a frame could not be read/);
    await pass(1_000);
    await connects(2);
  });

  test('too slow to authenticate once is not for good', async () => {
    server.reply = ({ action }, connected) =>
      action === 'auth' && connected === 0 ? [{ T: 'error', code: 404, msg: 'auth timeout' }] : undefined;
    connection().start();
    await until(() => said.length === 1);
    await pass(1_000);
    await connects();
    expect(said[0]).toBe('lost 404 : the venue said: auth timeout (404)');
  });

  test('what follows a loss within one message is not heard any more', async () => {
    connection().start();
    await connects();
    server.send(
      { T: 'error', code: 407, msg: 'slow client' },
      { T: 'error', code: 500, msg: 'oh' },
      { T: 'q' },
    );
    await until(() => said.length > 1);
    await pass(1_000);
    await connects(2);
    expect(said).toEqual(['connected', 'lost 407 : the venue said: slow client (407)', 'connected']);
    expect(frames).toEqual([]);
  });

  test.each([401, 402, 405, 408, 409])('code %i ends it with its reason', async (code) => {
    server.reply = ({ action }) => (action === 'auth' ? [{ T: 'error', code, msg: 'no' }] : undefined);
    connection().start();
    await until(() => said.length === 1);
    expect(said).toEqual([`lost ${code} for good: the venue said: no (${code})`]);
    await pass(60_000);
    expect(server.sockets).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test('406 closes our side first, then tries again', async () => {
    server.reply = ({ action }, connected) =>
      action === 'auth' && connected === 0
        ? [{ T: 'error', code: 406, msg: 'connection limit exceeded' }]
        : undefined;
    connection().start();
    await until(() => said.length === 1);
    await until(() => server.sockets[0].readyState === server.sockets[0].CLOSED);
    expect(server.sockets).toHaveLength(1);
    await pass(1_000);
    await connects();
    expect(said[0]).toBe('lost 406 : the venue said: connection limit exceeded (406)');
  });

  test('407 is a loss, and it connects anew', async () => {
    connection().start();
    await connects();
    server.send({ T: 'error', code: 407, msg: 'slow client' });
    await until(() => said.length === 2);
    expect(said[1]).toBe('lost 407 : the venue said: slow client (407)');
    await pass(1_000);
    await connects(2);
  });

  test('a refused change keeps what was subscribed', async () => {
    const stream = connection();
    stream.subscribe({ quotes: ['A'] });
    stream.start();
    await connects();
    server.reply = () => [{ T: 'error', code: 405, msg: 'symbol limit exceeded' }];
    stream.subscribe({ quotes: ['A', 'B'] });
    await until(() => said.length === 2);
    expect(said[1]).toBe('rejected: the venue said: symbol limit exceeded (405)');
    server.reply = () => undefined;
    stream.subscribe({ quotes: ['A', 'C'] });
    await until(() => server.heard[0].length === 4);
    expect(server.heard[0][3]).toEqual({ action: 'subscribe', quotes: ['C'] });
  });

  test('a half-open link is noticed within two seconds, and a quiet one that answers pings is not', async () => {
    connection().start();
    await connects();
    await pass(20_000);
    expect(said).toEqual(['connected']);
    pauseReading(server);
    await pass(1_900);
    expect(said).toHaveLength(2);
    expect(said[1]).toMatch(/^lost null : nothing was heard for 1\.\d seconds/);
  });

  test('who does not answer within ten seconds is left, with pauses that double', async () => {
    server.reply = () => [];
    connection().start();
    await until(() => server.heard[0]?.length === 1);
    await pass(10_100);
    expect(said).toEqual(['lost null : not connected, authenticated and subscribed within 10 seconds']);
    await pass(200_000);
    // Ten seconds each, and pauses of 0.5, 1, 2, 4, 8, 16, 30 seconds in between, give or take a fifth.
    expect(server.sockets.length).toBeGreaterThanOrEqual(9);
    expect(server.sockets.length).toBeLessThanOrEqual(12);
    // The same reason again is no news.
    expect(said).toHaveLength(1);
  });

  test('nobody at the address is a loss that is tried again', async () => {
    const nobody = new MarketServer();
    const gone = (await nobody.listen()).replace('http', 'ws');
    await nobody.close();
    connection('data', gone).start();
    await until(() => said.length === 1);
    expect(said[0]).toMatch(/^lost null : the connection was closed \(1006, .*ECONNREFUSED/);
    expect(clock.pending).toBe(1);
  });

  test('after a stop nothing is said, no timer waits and the socket is closed', async () => {
    const stream = connection();
    stream.start();
    await connects();
    await stream.stop();
    expect(said).toEqual(['connected']);
    expect(clock.pending).toBe(0);
    await until(() => server.sockets[0].readyState === server.sockets[0].CLOSED);
  });
});

describe('the stream of trade updates', () => {
  test('is connected once it listens, hands on its updates, and ends where the keys are refused', async () => {
    const orders = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    let status = 'authorized';
    const heard: unknown[] = [];
    orders.on('connection', (socket) => {
      socket.on('message', (raw) => {
        const frame = JSON.parse(String(raw));
        heard.push(frame.action);
        const reply = (stream: string, data: unknown) =>
          socket.send(Buffer.from(JSON.stringify({ stream, data })));
        if (frame.action === 'authenticate') reply('authorization', { status, action: 'authenticate' });
        if (frame.action !== 'listen') return;
        reply('listening', { streams: ['trade_updates'] });
        reply('trade_updates', { event: 'new', order: { id: '1' } });
        reply('something', {});
      });
    });
    await once(orders, 'listening');
    const { port } = orders.address() as { port: number };
    const stream = connection('orders', `ws://127.0.0.1:${port}/stream`);
    stream.start();
    await until(() => said.length === 2);
    expect(heard).toEqual(['authenticate', 'listen']);
    expect(frames).toEqual([{ event: 'new', order: { id: '1' } }]);
    expect(said).toEqual(['connected', 'rejected: a frame of the stream something, which is not known']);
    status = 'unauthorized';
    for (const socket of orders.clients) socket.terminate();
    await until(() => said.length === 3);
    await pass(1_000);
    await until(() => said.length === 4);
    expect(said[3]).toBe('lost null for good: the venue refused the keys: unauthorized');
    orders.close();
  });
});

/** `[{ t }]` with a timestamp of nanoseconds. */
function timedFrame(): Uint8Array {
  const body = encodeTimeSpecToTimestamp({ sec: 1_700_000_000, nsec: 123_456_789 });
  return Uint8Array.of(0x91, 0x81, 0xa1, 0x74, 0xd7, 0xff, ...body);
}

/** The peer is there and says nothing any more, not even pongs. */
function pauseReading(of: MarketServer): void {
  (of.sockets.at(-1) as unknown as { _socket: { pause(): void } })._socket.pause();
}
