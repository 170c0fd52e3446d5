/** The running machines as an inspector sees them, through Stately's own client and over real sockets. */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createActor, createMachine } from 'xstate';
import type { MachineObserver } from '../../src/bus/ports.ts';
import { type InspectorServer, openInspector } from '../../src/dashboard/inspector/inspector-server.ts';
import { InspectorStream } from '../../src/dashboard/inspector/inspector-stream.ts';
import { machineOfActor } from '../../src/projections/charts/machine-catalogue.ts';
import { datasetOf } from '../../src/testing/dataset-of.ts';
import { digestOf, runEngine } from '../engine/engine-run.ts';
import { sp500Days } from '../engine/markets.ts';
import { hasBrowser } from './browser.ts';

const CHROMIUM = process.env.QUANTOS_CHROMIUM ?? '/usr/bin/chromium';

let said: string[];
let stream: InspectorStream;
let server: InspectorServer;

beforeEach(async () => {
  said = [];
  stream = new InspectorStream((sentence) => said.push(sentence));
  server = await openInspector(0, stream);
});

afterEach(() => server.close());

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('it did not come to that');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Until nothing has come for a second: what left the server is on its way for a while. */
async function allOf(seen: readonly unknown[]): Promise<void> {
  let [before, still] = [-1, 0];
  await until(() => {
    still = seen.length === before ? still + 1 : 0;
    before = seen.length;
    return still >= 100;
  });
}

/** Stately's own receiver, and what it understood. */
async function receiver(): Promise<StatelyInspectionEvent[]> {
  const seen: StatelyInspectionEvent[] = [];
  const before = stream.viewers;
  createWebSocketReceiver({ server: server.socketUrl }).subscribe((event) => seen.push(event));
  await until(() => stream.viewers > before);
  return seen;
}

/** The crisis of 2008, in which machines move, with the protocol hedged by options on the index. */
const options = { benchmark: 'SP500', hedge: true } as const;
const crisis = () => [datasetOf({ SP500: { bars: sp500Days(1_700, 2_300), resolutionS: 86_400 } })];
const run = (machines?: MachineObserver) => runEngine(crisis(), options, undefined, machines);

const ofType = <T extends StatelyInspectionEvent['type']>(seen: readonly StatelyInspectionEvent[], type: T) =>
  seen.filter((each): each is Extract<StatelyInspectionEvent, { type: T }> => each.type === type);

describe("Stately's receiver", () => {
  test('sees actors, events and snapshots of a running session, each under its actor’s own name', async () => {
    const seen = await receiver();
    const { events } = run(stream);
    await until(() => seen.length > 0);
    await server.drained(5_000);
    await allOf(seen);
    const actors = ofType(seen, '@xstate.actor');
    const names = ['hedging-protocol', 'reconciliation', 'regime-SP500', 'selector-SP500', 'trading-state'];
    expect([...new Set(actors.map(({ sessionId }) => sessionId))].sort()).toEqual(names);
    for (const { name, sessionId, rootId, definition } of actors) {
      expect([name, rootId]).toEqual([sessionId, sessionId]);
      expect(machineOfActor(sessionId)).not.toBeNull();
      expect(() => createMachine(JSON.parse(definition!))).not.toThrow();
    }
    const closes = ofType(seen, '@xstate.event').filter(
      ({ sessionId, event }) => sessionId === 'regime-SP500' && event.type === 'CLOSE',
    );
    expect(closes.length).toBeGreaterThan(300);
    // What the log says of the trend is what the receiver saw last.
    const trends = events.filter(({ type, json }) => type === 'RegimeChanged' && json.includes('"trend"'));
    const { to } = trends.at(-1)!.payload as { to: string };
    const last = ofType(seen, '@xstate.snapshot')
      .filter(({ sessionId }) => sessionId === 'regime-SP500')
      .at(-1)!;
    expect((last.snapshot as unknown as { value: { trend: string } }).value.trend).toBe(to);
  });

  test('that comes late is told every actor with its state first', async () => {
    run(stream);
    const seen = await receiver();
    await until(() => ofType(seen, '@xstate.snapshot').length === 5);
    expect(ofType(seen, '@xstate.actor').length).toBe(5);
    expect(ofType(seen, '@xstate.event').length).toBe(0);
    for (const { snapshot } of ofType(seen, '@xstate.actor')) expect(snapshot).toHaveProperty('value');
  });

  test('is told the same in every run, but for the time of day', async () => {
    const told = async () => {
      const seen = await receiver();
      const before = seen.length;
      run(stream);
      await server.drained(5_000);
      await until(() => seen.length > before);
      await allOf(seen);
      return seen
        .filter(({ type }) => type === '@xstate.event')
        .map((each) => ({ ...each, createdAt: '', id: '' }));
    };
    const [first, second] = [await told(), await told()];
    expect(first.length).toBeGreaterThan(1_000);
    expect(second).toEqual(first);
  });
});

describe('whoever looks on', () => {
  test('changes no decision', async () => {
    await receiver();
    const watched = run(stream);
    expect(digestOf(watched.decisions)).toBe(digestOf(run().decisions));
    expect(watched.decisions.length).toBeGreaterThan(50);
  });

  test('and throws is not asked again, and changes no decision', () => {
    let calls = 0;
    const thrower = {
      machine: () => {
        calls++;
        throw new Error('an observer with a fault');
      },
    };
    expect(digestOf(run(thrower).decisions)).toBe(digestOf(run().decisions));
    expect(calls).toBe(1);
  });

  test('does so outside of the trap, on the clock of the host', () => {
    const times = new Set<boolean>();
    const started = Date.now();
    run({
      machine: () => {
        Math.random();
        times.add(Date.now() >= started);
      },
    });
    expect([...times]).toEqual([true]);
  });
});

describe('an inspector that stops reading', () => {
  const counter = createMachine({
    id: 'counter',
    context: { text: 'x'.repeat(2_000) },
    initial: 'odd',
    states: { odd: { on: { NEXT: 'even' } }, even: { on: { NEXT: 'odd' } } },
  });

  test('is left out, costs a bounded buffer, and goes on with every actor as it is', async () => {
    const viewer = new WebSocket(server.socketUrl);
    const got: StatelyInspectionEvent[] = [];
    viewer.on('message', (data) => got.push(JSON.parse(String(data))));
    await until(() => stream.viewers === 1);
    viewer.pause();
    const actor = createActor(counter, { inspect: (seen) => stream.machine('counter', seen) }).start();
    for (let i = 0; i < 20_000; i++) actor.send({ type: 'NEXT' });
    expect(said).toEqual(['an inspector reads too slowly: it is left out until it has caught up']);
    expect(stream.isBehind).toBe(true);
    viewer.resume();
    await until(() => !stream.isBehind);
    expect(said[1]).toMatch(
      /^an inspector was too slow for \d+ messages; it goes on with every actor as it is now$/,
    );
    const missed = Number(/\d+/.exec(said[1])![0]);
    expect(missed).toBeGreaterThan(10_000);
    // Its start is three messages, each of the events two, and what it is told anew two.
    const whole = 3 + 2 * 20_000 - missed + 2;
    await until(() => got.length === whole);
    actor.send({ type: 'NEXT' });
    await until(() => got.length === whole + 2);
    expect((got.at(-1) as { snapshot: { value: string } }).snapshot.value).toBe('even');
    viewer.terminate();
  });

  test('or is gone leaves the engine as it was', async () => {
    const viewer = new WebSocket(server.socketUrl);
    await until(() => stream.viewers === 1);
    viewer.terminate();
    await until(() => stream.viewers === 0);
    expect(digestOf(run(stream).decisions)).toBe(digestOf(run().decisions));
    expect(said).toEqual([]);
  });
});

describe('the inspector’s door', () => {
  const upgraded = (headers: Record<string, string>): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(server.socketUrl, { headers });
      socket.on('open', () => resolve('open')).on('error', ({ message }) => resolve(message));
    });
  const answer = (path: string, method = 'GET', headers: Record<string, string> = {}) =>
    new Promise<{ status: number; policy: unknown; text: string }>((resolve, reject) => {
      request({ host: '127.0.0.1', port: server.port, path, method, headers }, (response) => {
        let text = '';
        response.on('data', (chunk) => (text += chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            policy: response.headers['content-security-policy'],
            text,
          }),
        );
      })
        .on('error', reject)
        .end();
    });

  test('lets in programs of this computer and its own page only', async () => {
    expect(await upgraded({})).toBe('open');
    expect(await upgraded({ origin: `http://127.0.0.1:${server.port}` })).toBe('open');
    expect(await upgraded({ origin: 'https://stately.ai' })).toContain('403');
    expect(await upgraded({ origin: 'http://127.0.0.1:1' })).toContain('403');
    expect(await upgraded({ host: `elsewhere.example:${server.port}` })).toContain('403');
  });

  test('serves its page without a script in it, under a policy that names whom it frames', async () => {
    const { status, policy, text } = await answer('/');
    expect(status).toBe(200);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain('frame-src https://stately.ai;');
    expect(text).not.toMatch(/<script>|onload|style=/);
    expect((await answer('/inspector.js')).text).toContain('@statelyai.connected');
  });

  test('takes nothing in', async () => {
    expect((await answer('/', 'POST')).status).toBe(405);
    expect((await answer('/nowhere')).status).toBe(404);
    expect((await answer('/', 'GET', { host: 'elsewhere.example' })).status).toBe(403);
  });

  test('has room for eight', async () => {
    const open = await Promise.all(Array.from({ length: 8 }, () => upgraded({})));
    expect(open).toEqual(Array(8).fill('open'));
    expect(await upgraded({})).toContain('403');
  });
});

describe('the inspector’s page in a browser', () => {
  test.skipIf(!hasBrowser)(
    'hands all it is told to the inspector that it frames, and comes back with its state after a reload',
    async () => {
      const { outputFiles } = await build({
        stdin: {
          contents:
            "import { createBrowserReceiver } from '@statelyai/inspect';" +
            'const seen = (globalThis.seen = []);' +
            'createBrowserReceiver().subscribe((event) => seen.push(event));',
          resolveDir: fileURLToPath(new URL('.', import.meta.url)),
        },
        bundle: true,
        format: 'iife',
        platform: 'browser',
        write: false,
      });
      // In the place of stately.ai: a page of another origin with Stately's own receiver for pages.
      const stately = createServer(({ url }, response) => {
        const isScript = url === '/receiver.js';
        response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
        response.end(isScript ? outputFiles[0].text : '<!doctype html><script src="/receiver.js"></script>');
      });
      await new Promise<void>((resolve) => stately.listen(0, '127.0.0.1', resolve));
      const { port } = stately.address() as AddressInfo;
      const own = await openInspector(0, stream, `http://127.0.0.1:${port}/inspect`);
      const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
      try {
        run(stream);
        const page = await browser.newPage();
        const errors: string[] = [];
        page.on('pageerror', ({ message }) => errors.push(message));
        page.on('console', (line) => line.type() === 'error' && errors.push(line.text()));
        await page.goto(own.pageUrl);
        const inner = () => page.frames().find((frame) => frame.url().includes(`:${port}/`))!;
        const received = () =>
          inner().evaluate(() =>
            (globalThis as unknown as { seen: { type: string; sessionId: string }[] }).seen.map(
              ({ type, sessionId }) => `${type} ${sessionId}`,
            ),
          );
        await expect.poll(received).toContain('@xstate.actor hedging-protocol');
        expect(await page.textContent('#status')).toBe('Showing the running machines.');
        await inner().goto(inner().url());
        await expect.poll(received).toContain('@xstate.snapshot trading-state');
        expect(errors.filter((text) => !text.includes('favicon'))).toEqual([]);
      } finally {
        await browser.close();
        await own.close();
        await new Promise((resolve) => stately.close(resolve));
      }
    },
    60_000,
  );
});
