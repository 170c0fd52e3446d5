/** A running engine followed and commanded from outside: health, metrics, the kill switch as a command and as a signal. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { InputLane } from '../../src/bus/ports.ts';
import { Operations } from '../../src/dashboard/operations.ts';
import { asViewPx } from '../../src/domain/view-px.ts';
import type { EngineHealth } from '../../src/engine/live/engine-health.ts';
import type { NewEvent } from '../../src/events/define-event.ts';
import { TimerFired } from '../../src/events/engine.events.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { FeedConnected, FeedLost, ViewQuoted, ViewSourceChanged } from '../../src/events/feed.events.ts';
import { OrderAccepted, OrderFilled, OrderIntended, SubmitAttempted } from '../../src/events/order.events.ts';
import { Tick } from '../../src/events/tick.ts';
import { quantos } from '../cli/cli.ts';
import { SteppedClock } from '../live/stepped-clock.ts';
import { health } from './health.ts';

const NOW = Date.parse('2026-11-20T18:00:00Z') * 1_000;
const folders: string[] = [];
afterAll(() => {
  for (const each of folders) rmSync(each, { recursive: true, force: true });
});
const open: Operations[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** An engine that does as it is told, after `slowMs`. */
async function running(slowMs = 0) {
  const dataFolder = mkdtempSync(join(tmpdir(), 'quantos-ops-'));
  folders.push(dataFolder);
  const clock = new SteppedClock(NOW);
  const operations = new Operations({
    clock,
    dataFolder,
    port: 0,
    alertWebhook: null,
    logLevel: 'info',
    logFile: join(dataFolder, 'engine.log'),
    stderr: null,
    page: null,
    secrets: [],
  });
  open.push(operations);
  const commands: string[] = [];
  let word: Partial<EngineHealth> = { workingOrders: 2 };
  const engine = {
    health: () => health(word),
    command: (command: string, by: string) => {
      commands.push(`${command} by ${by}`);
      setTimeout(() => {
        if (command === 'halt') word = { tradingState: 'halted', workingOrders: 0 };
        if (command === 'reduceOnly') word = { tradingState: 'reducing', workingOrders: 2 };
      }, slowMs);
    },
  };
  const port = (await operations.open(engine))!;
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  let seq = 0;
  const hear = ({ kind, type, payload }: NewEvent, recordedAt = clock.now()) =>
    operations.event({
      ...{ seq: ++seq, kind, type, payload, recordedAt, time: recordedAt, causation: null, basis: [] },
      ...{
        version: 1,
        correlation: null,
        source: kind === 'input' ? 'alpaca-orders' : 'core',
        json: JSON.stringify(payload),
      },
    } as StoredEvent);
  return { operations, dataFolder, clock, commands, port, get, hear };
}

const intended = (ordinal: number) =>
  OrderIntended.of({
    ...{ ordinal, intent: null, action: 'enter', role: 'tactical', symbol: 'SPY', side: 'buy' },
    ...{ size: { kind: 'quantity', quantity: 10 }, orderType: 'limit', limitPx: 100, stopPx: null },
    ...{ timeInForce: 'day', bidPx: 99.9, askPx: 100.1, reason: 'x' },
  } as Parameters<typeof OrderIntended.of>[0]);

describe('kill', () => {
  test('halts the one engine that runs, and answers when no order works', async () => {
    const { dataFolder, commands } = await running(300);
    const { exitCode, stdout } = await quantos('kill', '--data', dataFolder, '--json');
    expect([exitCode, JSON.parse(stdout)]).toEqual([
      0,
      { command: 'halt', pid: process.pid, tradingState: 'halted', workingOrders: 0 },
    ]);
    expect(commands).toEqual(['halt by control']);
  });

  test('--reduce-only and --reset say what they did', async () => {
    const { dataFolder, commands } = await running();
    expect((await quantos('kill', '--reduce-only', '--data', dataFolder)).stdout).toContain('reducing only');
    expect((await quantos('kill', '--reset', '--data', dataFolder)).stdout).toContain('reset');
    expect(commands).toEqual(['reduceOnly by control', 'reset by control']);
    const both = await quantos('kill', '--reset', '--reduce-only', '--data', dataFolder);
    expect([both.exitCode, commands.length]).toEqual([2, 2]);
  });

  test('a halt that leaves orders working fails and says so', async () => {
    const { dataFolder } = await running(60_000);
    const { exitCode, stderr } = await quantos('kill', '--data', dataFolder);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('after 5 s the engine is trading with 2 working orders');
  }, 20_000);

  test('no engine, several engines, a wrong port, one that was killed and one that hangs', async () => {
    const { dataFolder, port, operations } = await running();
    const nowhere = await quantos('kill', '--data', join(dataFolder, 'no'));
    expect([nowhere.exitCode, nowhere.stderr]).toEqual([
      3,
      expect.stringContaining('no engine runs with data folder'),
    ]);
    const wrong = await quantos('kill', '--data', dataFolder, '--port', '1');
    expect([wrong.exitCode, wrong.stderr]).toEqual([3, expect.stringContaining(`one does at ${port}`)]);
    const second = new Operations({
      ...{ clock: new SteppedClock(NOW), dataFolder, port: 0, alertWebhook: null, logLevel: 'silent' },
      ...{ logFile: null, stderr: null, page: null, secrets: [] },
    });
    open.push(second);
    await second.open({ health: () => health({}), command: () => {} });
    const several = await quantos('kill', '--data', dataFolder);
    expect([several.exitCode, several.stderr]).toEqual([2, expect.stringContaining('2 engines run here')]);
    await second.close();
    await operations.close();
    expect(readdirSync(dataFolder).filter((name) => name.startsWith('control'))).toEqual([]);
    const { writeControlFile } = await import('../../src/dashboard/control-file.ts');
    writeControlFile(dataFolder, { port, token: 'old', pid: 2 ** 22 + 1 });
    expect((await quantos('kill', '--data', dataFolder)).exitCode).toBe(3);
    writeControlFile(dataFolder, { port, token: 'old', pid: process.pid });
    const dead = await quantos('kill', '--data', dataFolder);
    expect([dead.exitCode, dead.stderr]).toEqual([3, expect.stringContaining(`kill -USR2 ${process.pid}`)]);
  });

  test('SIGUSR2 halts, too, and no longer after the engine has gone', async () => {
    const { commands, operations } = await running();
    process.kill(process.pid, 'SIGUSR2');
    await expect.poll(() => commands).toEqual(['halt by SIGUSR2']);
    expect(process.listenerCount('SIGUSR2')).toBe(1);
    await operations.close();
    expect(process.listenerCount('SIGUSR2')).toBe(0);
  });

  test('the token is in a file of the user alone, and neither in the log nor on a page', async () => {
    const { dataFolder, port, get, operations } = await running();
    const path = join(dataFolder, `control-${port}.json`);
    const { token } = JSON.parse(readFileSync(path, 'utf8'));
    expect(statSync(path).mode & 0o077).toBe(0);
    operations.log.error(`somebody logs ${token}`, { token });
    for (const page of ['/health', '/metrics', '/control', '/']) expect(await get(page)).not.toContain(token);
    await operations.close();
    expect(readFileSync(join(dataFolder, 'engine.log'), 'utf8')).not.toContain(token);
  });
});

test('health shows view prices as what they are', async () => {
  const { hear, get } = await running();
  hear(ViewSourceChanged.of({ source: 'yahoo', status: 'polling', detail: 'stands in' }));
  hear(ViewQuoted.of({ symbol: 'SPY', viewPx: asViewPx(400), asOf: NOW - 5_000_000, previousClosePx: null }));
  expect(JSON.parse(await get('/health')).views).toEqual({
    ...{ source: 'yahoo', status: 'polling', detail: 'stands in' },
    prices: [{ symbol: 'SPY', px: 400, previousClosePx: null, ageMs: 5_000, viewOnly: true }],
  });
  hear(ViewSourceChanged.of({ source: 'yahoo', status: 'idle', detail: 'the primary is back' }));
  expect(JSON.parse(await get('/health')).views.prices).toEqual([]);
});

test('metrics count inputs, decisions, orders by status, connections, and time the way to an order', async () => {
  const { hear, get, operations, clock } = await running();
  const lane = operations.metered({ tick: () => {} } as unknown as InputLane);
  for (let i = 0; i < 3; i++) lane.tick(new Tick(), 'alpaca-stocks');
  hear(FeedConnected.of({ feed: 'stocks' }));
  hear(FeedLost.of({ feed: 'stocks', reason: 'x', code: null }));
  const received = clock.now();
  clock.advance(2);
  hear(intended(1), received);
  hear(intended(2), received);
  hear(SubmitAttempted.of({ ...intended(1).payload, ordinal: 1 }), received);
  hear(OrderAccepted.of({ ordinal: 1, venueOrderId: 'v' }));
  hear(
    OrderFilled.of({
      ...{
        ordinal: 1,
        executionId: 'e',
        symbol: 'SPY',
        side: 'buy',
        lastQty: 10,
        lastPx: 100,
        leavesQty: 0,
        feeMicros: 0,
      },
    } as Parameters<typeof OrderFilled.of>[0]),
  );
  // A timer fell due long before the clock's tick that let it fire: the wait is not ours.
  hear(TimerFired.of({ actor: 'a', n: 1, deadline: received }), received - 250_000);
  hear(intended(3), received - 250_000);
  const text = await get('/metrics');
  for (const line of [
    'quantos_ticks_total{source="alpaca-stocks"} 3',
    'quantos_inputs_total{source="alpaca-stocks"} 3',
    'quantos_inputs_total{source="alpaca-orders"} 4',
    'quantos_decisions_total{type="OrderIntended"} 3',
    'quantos_venue_calls_total{type="SubmitAttempted"} 1',
    'quantos_orders{status="filled"} 1',
    'quantos_orders{status="initialized"} 2',
    'quantos_orders{status="submitted"} 0',
    'quantos_feed_connections_total{feed="stocks",what="lost"} 1',
    'quantos_feed_state{feed="stocks",state="live"} 1',
    'quantos_feed_state{feed="stocks",state="stale"} 0',
    'quantos_quote_to_intent_seconds_count 2',
    'quantos_quote_to_intent_seconds_bucket{le="0.001"} 0',
    'quantos_quote_to_intent_seconds_bucket{le="0.0025"} 2',
    'quantos_working_orders 2',
  ])
    expect(text).toContain(`${line}\n`);
  expect(text).toMatch(/quantos_memory_resident_bytes \d{7,}/);
  expect(text).toMatch(/quantos_event_loop_delay_p99_seconds \d/);
});
