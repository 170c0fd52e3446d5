/** Alerts over a real HTTP server, on a clock that the test moves. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { alertOf } from '../../../src/adapters/alerts/alert-rules.ts';
import { WebhookAlerts, type WebhookOptions } from '../../../src/adapters/alerts/webhook.ts';
import { redactor } from '../../../src/domain/redaction.ts';
import type { StoredEvent } from '../../../src/events/envelope.ts';
import { SteppedClock } from '../../live/stepped-clock.ts';

const NOW = Date.parse('2026-11-20T18:00:00Z') * 1_000;
const KEY = 'CANARY0KEY0OF0THIS0TEST';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function receiver(
  answer: (n: number, response: ServerResponse) => void,
  more: Partial<WebhookOptions> = {},
) {
  const bodies: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      bodies.push(JSON.parse(text));
      answer(bodies.length, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const clock = new SteppedClock(NOW);
  const failures: string[] = [];
  let flying = 0;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const alerts = new WebhookAlerts({
    url,
    clock,
    redact: redactor([KEY, url]),
    onFailure: (sentence) => failures.push(sentence),
    fetch: (input, init) => {
      flying++;
      return fetch(input, init).finally(() => flying--);
    },
    ...more,
  });
  const quiet = async (hangs = false) => {
    for (let still = 0; still < 5; still = flying === 0 || hangs ? still + 1 : 0)
      await new Promise((resolve) => setImmediate(resolve));
  };
  let seq = 0;
  return {
    alerts,
    bodies,
    clock,
    failures,
    quiet,
    url,
    async advance(ms: number, stepMs = 250, hangs = false) {
      for (let past = 0; past < ms; past += stepMs) {
        clock.advance(stepMs);
        await quiet(hangs);
      }
    },
    say(type: string, payload: object) {
      alerts.event({ seq: ++seq, type, time: clock.now(), payload } as StoredEvent);
    },
  };
}

const fine = (_: number, response: ServerResponse) => void response.end('ok');
const stale = (feed: string) => ({ feed, from: 'live', to: 'stale', reason: 'silent for 2 s' });

test('an alert says what, how grave, where in which log, and when', async () => {
  const { say, bodies, quiet } = await receiver(fine);
  say('SessionStarted', { session: 'paper-1', mode: 'paper', continues: null });
  say('EngineHalted', { code: 'ACTOR_FAILED', actor: 'selector', message: 'boom' });
  await quiet();
  expect(bodies).toHaveLength(2);
  expect(bodies[1]).toEqual({
    text: '[critical] The engine halted: it records and decides nothing: selector (ACTOR_FAILED): boom',
    severity: 'critical',
    title: 'The engine halted: it records and decides nothing',
    detail: 'selector (ACTOR_FAILED): boom',
    session: 'paper-1',
    seq: 2,
    time: '2026-11-20T18:00:00.000Z',
    repeated: 0,
    dropped: 0,
  });
});

test.each([
  ['EngineHalted', { code: 'X', actor: 'a', message: 'm' }, 'critical'],
  ['TradingStateChanged', { from: 'trading', to: 'halted', reason: 'rejects', tests: [] }, 'critical'],
  ['TradingStateChanged', { from: 'trading', to: 'reducing', reason: 'dailyLoss', tests: [] }, 'warning'],
  ['FeedStatusChanged', stale('stocks'), 'warning'],
  ['FeedStatusChanged', { ...stale('stocks'), to: 'failover' }, 'warning'],
  ['FeedStatusChanged', { ...stale('stocks'), from: 'recovering', to: 'live' }, 'info'],
  ['FeedStatusChanged', { ...stale('stocks'), from: 'connecting', to: 'live' }, undefined],
  ['FeedStatusChanged', { ...stale('stocks'), to: 'recovering' }, undefined],
  ['Reconciled', { ok: false, differences: [] }, 'critical'],
  ['Reconciled', { ok: true, differences: [] }, undefined],
  ['ReconciliationFailed', { reason: '401', permanent: true }, 'critical'],
  ['OperatorCommanded', { command: 'halt', symbol: null, by: 'control' }, 'warning'],
  ['SessionEnded', { reason: 'day' }, 'info'],
  ['OrderFilled', {}, undefined],
  ['toString', {}, undefined],
])('%s %j is %s', (type, payload, severity) => {
  expect(alertOf({ type, payload })?.severity).toBe(severity);
});

test('the same alert again is said once, and counted', async () => {
  const { say, bodies, quiet, advance } = await receiver(fine);
  for (let i = 0; i < 50; i++) say('FeedStatusChanged', stale('stocks'));
  say('FeedStatusChanged', stale('crypto'));
  await quiet();
  expect(bodies.map(({ title }) => title)).toEqual(['Feed stocks is stale', 'Feed crypto is stale']);
  await advance(301_000, 10_000);
  say('FeedStatusChanged', stale('stocks'));
  await quiet();
  expect(bodies[2]).toMatchObject({ title: 'Feed stocks is stale', repeated: 49 });
});

test('no minute has more alerts than its limit; the grave ones of a flood survive it', async () => {
  const { say, bodies, quiet, advance, alerts } = await receiver(fine, { perMinute: 10 });
  for (let i = 0; i < 300; i++) say('OrderGivenUp', { ordinal: i, reason: 'not found' });
  say('EngineHalted', { code: 'X', actor: 'a', message: 'm' });
  await quiet();
  expect(bodies.length).toBeLessThanOrEqual(10);
  await advance(50_000);
  expect(bodies.length).toBeLessThanOrEqual(10);
  await advance(660_000, 1_000);
  expect(bodies.at(-1)).toMatchObject({ severity: 'critical', dropped: alerts.dropped });
  expect(bodies.length + alerts.dropped).toBe(301);
});

describe('a receiver that fails', () => {
  test.each([500, 429, 404, 302])(
    '%i is tried again with longer waits, then dropped with a sentence',
    async (status) => {
      const { say, bodies, advance, alerts, failures, url } = await receiver(
        (_, response) => void response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end(),
      );
      say('EngineHalted', { code: 'X', actor: 'a', message: 'm' });
      await advance(40_000);
      expect(bodies).toHaveLength(5);
      expect(alerts.dropped).toBe(1);
      expect(failures).toHaveLength(1);
      expect(failures[0]).toContain('dropped after 5 tries');
      expect(failures[0]).not.toContain(url);
    },
  );

  test('one that comes back gets the alert once', async () => {
    const { say, bodies, advance, alerts } = await receiver(
      (n, response) => void response.writeHead(n < 3 ? 503 : 200).end(),
    );
    say('EngineHalted', { code: 'X', actor: 'a', message: 'm' });
    await advance(60_000);
    expect(bodies).toHaveLength(3);
    expect(alerts.dropped).toBe(0);
  });

  test('one that never answers keeps nobody waiting, and stop gives up on it', async () => {
    const { say, advance, alerts, clock } = await receiver(() => {});
    say('EngineHalted', { code: 'X', actor: 'a', message: 'm' });
    say('SessionEnded', { reason: 'day' });
    await advance(1_000, 250, true);
    const stopped = alerts.stop(2_000);
    await advance(3_000, 250, true);
    await stopped;
    expect(clock.pending).toBe(0);
    expect(alerts.dropped).toBeGreaterThanOrEqual(1);
  });
});

test('no secret leaves in an alert, however it came into the event', async () => {
  const { say, bodies, quiet } = await receiver(fine);
  const spelled = [
    KEY,
    encodeURIComponent(KEY),
    Buffer.from(KEY).toString('base64'),
    Buffer.from(KEY).toString('hex'),
  ];
  say('EngineHalted', {
    code: 'X',
    actor: 'a',
    message: `${spelled.join(' ')} https://me:pass%20word@proxy.example/ Authorization: Bearer abcdef123456`,
  });
  await quiet();
  const text = JSON.stringify(bodies);
  for (const each of [...spelled, 'pass%20word', 'abcdef123456']) expect(text).not.toContain(each);
});

describe('what the mission names', () => {
  const told = (type: string, payload: object) => alertOf({ type, payload })?.severity ?? null;

  test('is all told: halt, hedge entered, failover, unknown order, daily loss', () => {
    const hedge = { from: 'armed', to: 'entering', reason: 'support gave way', tests: [] };
    const loss = { from: 'trading', to: 'reducing', reason: 'daily loss', tests: [] };
    expect(told('EngineHalted', { code: 'X', actor: 'a', message: 'm' })).toBe('critical');
    expect(told('HedgeStateChanged', hedge)).toBe('warning');
    expect(told('HedgeStateChanged', { ...hedge, from: 'entering', to: 'hedged' })).toBe('warning');
    expect(told('FeedStatusChanged', { ...stale('stocks'), to: 'failover' })).toBe('warning');
    expect(told('OrderOutcomeUnknown', { ordinal: 3, reason: '504' })).toBe('warning');
    expect(told('TradingStateChanged', loss)).toBe('warning');
  });

  test('a hedge that only stands ready wakes nobody; one that leaves a part open does', () => {
    expect(told('HedgeStateChanged', { from: 'idle', to: 'armed', reason: '', tests: [] })).toBeNull();
    const sized = { purpose: 'enter', contract: 'SPY   240216P00450000', quantity: 2, unhedged: 0 };
    expect(told('HedgeSized', sized)).toBeNull();
    expect(alertOf({ type: 'HedgeSized', payload: { ...sized, unhedged: 1234.5 } })!.detail).toBe(
      '2 SPY   240216P00450000, $1235 left open',
    );
  });
});
