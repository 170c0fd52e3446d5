/** A bridge on its own: a lane that remembers what was handed in, a bus, and the clock of the wall. */
import { setTimeout as later } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { type RedisSecrets, redisAddress } from '../../../src/adapters/redis/redis-address.ts';
import { RedisBridge, type RedisBridgeOptions } from '../../../src/adapters/redis/redis-bridge.ts';
import { IntelBus } from '../../../src/bus/intel-bus.ts';
import type { InputLane } from '../../../src/bus/ports.ts';
import { wallClock } from '../../../src/engine/live/host-clock.ts';
import { canonicalJson } from '../../../src/events/canonical.ts';
import { definitionOf } from '../../../src/events/catalogue.ts';
import type { NewInput } from '../../../src/events/define-event.ts';
import type { StoredEvent } from '../../../src/events/envelope.ts';
import { IntelPublished } from '../../../src/events/intel.events.ts';

export interface Heard {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: payloads of several types, looked into by tests
  readonly payload: any;
}

/** Takes only what the engine's log would take. */
export function recordingLane(heard: Heard[]): InputLane {
  return {
    tick: () => {},
    input: (event: NewInput) => {
      definitionOf(event.type).schema.parse(event.payload);
      canonicalJson(event.payload);
      heard.push({ type: event.type, payload: event.payload });
    },
    idOf: () => undefined,
    define: () => 0,
    codeOf: () => 0,
  };
}

export function openBridge(url: string, more: Partial<RedisBridgeOptions> = {}, secrets: RedisSecrets = {}) {
  const clock = wallClock();
  const heard: Heard[] = [];
  const said: string[] = [];
  const bus = new IntelBus(() => clock.now());
  const bridge = new RedisBridge({
    lane: recordingLane(heard),
    bus,
    clock,
    address: redisAddress(url, secrets),
    sourceSystem: 'quantos',
    cloud: false,
    say: (sentence) => said.push(sentence),
    pollMs: 50,
    timeoutMs: 500,
    ...more,
  });
  bridge.start();
  onTestFinished(() => bridge.stop());
  let seq = 0;
  const publish = (payload: Partial<IntelPublished> & Pick<IntelPublished, 'key' | 'value'>) => {
    const whole: IntelPublished = {
      sourceSystem: 'quantos',
      confidence: 1,
      ttlSeconds: 300,
      evaluatedAt: clock.now(),
      why: 'changed',
      from: 'a test',
      ...payload,
    };
    const { type } = IntelPublished;
    bridge.perform({ seq: (seq += 1), type, payload: whole } as unknown as StoredEvent);
  };
  const of = (type: string) => heard.filter((each) => each.type === type).map(({ payload }) => payload);
  const statuses = () => of('IntelBusStatusChanged').map(({ status }) => status);
  return { bridge, bus, clock, heard, said, publish, of, statuses };
}

/** Another program's connection. */
export function partner(url: string, options: object = {}): Redis {
  const redis = new Redis(url, { retryStrategy: () => 100, ...options });
  redis.on('error', () => {});
  onTestFinished(() => redis.disconnect());
  return redis;
}

/** The partner's bytes. */
export const payloadText = (value: unknown, more: object = {}): string =>
  JSON.stringify({
    value,
    source_system: 'partner',
    timestamp: Date.now() / 1_000,
    confidence: 0.9,
    ...more,
  });

export async function until(holds: () => boolean, ms = 8_000): Promise<void> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${holds}`);
    await later(10);
  }
}
