/** A sink that remembers everything, checks that each event fits its own schema, and can fail at a chosen event. */
import { expect } from 'vitest';
import { Kernel } from '../../src/bus/kernel.ts';
import type { EventSink } from '../../src/bus/ports.ts';
import { canonicalJson } from '../../src/events/canonical.ts';
import { definitionOf } from '../../src/events/catalogue.ts';
import { ClockTicked } from '../../src/events/engine.events.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { IntentDropped } from '../../src/events/order.events.ts';
import { copyTick, Tick, TickKind } from '../../src/events/tick.ts';

interface Row {
  readonly seq: number;
  readonly recordedAt: number;
  readonly event: StoredEvent | null;
  readonly tick: Tick | null;
}

export class Recorder implements EventSink {
  readonly rows: Row[] = [];
  /** The append of this seq throws. */
  failAt = 0;

  tick(seq: number, tick: Tick): void {
    this.#take(seq);
    const copy = new Tick();
    copyTick(tick, copy);
    this.rows.push({ seq, recordedAt: tick.recordedAt, event: null, tick: copy });
  }

  event(event: StoredEvent): void {
    this.#take(event.seq);
    definitionOf(event.type).schema.parse(event.payload);
    expect(event.json).toBe(canonicalJson(event.payload));
    this.rows.push({ seq: event.seq, recordedAt: event.recordedAt, event, tick: null });
  }

  get events(): StoredEvent[] {
    return this.rows.flatMap(({ event }) => (event === null ? [] : [event]));
  }

  ofType(type: string): StoredEvent[] {
    return this.events.filter((event) => event.type === type);
  }

  /** `seq type` of every event, ticks as `tick`; what a story reads like. */
  story(): string[] {
    return this.rows.map(({ seq, event }) => `${seq} ${event === null ? 'tick' : event.type}`);
  }

  #take(seq: number): void {
    if (seq === this.failAt) throw new Error('no space left on device');
    expect(seq).toBe(this.rows.length + 1);
  }
}

export function kernelWithLog(options: { poisonTicks?: boolean } = {}) {
  const log = new Recorder();
  return { kernel: new Kernel(log, options), log };
}

/** The plainest input there is. */
export const clockTick = (kernel: Kernel, recordedAt: number): number =>
  kernel.input(ClockTicked.of({}), { source: 'clock', recordedAt });

/** A decision with a number to know it by. */
export const decision = (n: number) =>
  IntentDropped.of({ intent: n, symbol: 'A', action: 'enter', reason: 'a test' });

export function trade(recordedAt: number, over: Partial<Tick> = {}): Tick {
  return Object.assign(new Tick(), {
    kind: TickKind.trade,
    time: recordedAt,
    recordedAt,
    px: 10,
    size: 1,
    ...over,
  });
}
