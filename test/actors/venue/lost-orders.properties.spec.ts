/**
 * Orders against a venue that loses what it is sent, what it answers, and finds late what it had: whatever happens in
 * whatever order, no intent has two living orders, nothing is counted twice, and once the venue answers all is resolved.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SessionResumed } from '../../../src/events/engine.events.ts';
import type { StoredEvent } from '../../../src/events/envelope.ts';
import * as o from '../../../src/events/order.events.ts';
import { Floor } from '../trading-floor.ts';

const SECOND = 1_000_000;
const DOLLAR = 1_000_000;
const PX = 100;
const QUANTITY = 10;
/** Two rounds of five look-ups, two seconds apart, and what a lost answer costs. */
const BOUND_S = 60;

/** As the venue has it. */
interface There {
  filled: number;
  status: 'working' | 'canceled' | 'filled';
  /** Taken, and not to be found yet. */
  hidden: boolean;
}

/** What becomes of a request: as a script of the run draws it. */
type Fate = 'answered' | 'lostOnTheWay' | 'ackDropped' | 'takenLate';

const over = (status: string): boolean =>
  ['canceled', 'filled', 'expired', 'rejected', 'denied'].includes(status);

function count(counts: Map<number, number>, ordinal: number): number {
  const now = (counts.get(ordinal) ?? 0) + 1;
  counts.set(ordinal, now);
  return now;
}

class World {
  floor = new Floor().day('A', PX);
  readonly venue = new Map<number, There>();
  /** Effects that left and were not performed yet. */
  #effects: StoredEvent[] = [];
  #executions = 0;
  readonly #sent = new Map<number, number>();
  readonly #misses = new Map<number, number>();
  readonly #ended = new Map<number, string>();

  submit(): void {
    // One intent: the next order only when nobody holds the one before for possible.
    const { orders, unknown } = this.floor.actors;
    if (orders.hasWorking('A') || unknown.frozen('A')) return;
    this.floor.after(10 * SECOND).decide(() => this.floor.intend({ quantity: QUANTITY }));
    this.#take();
  }

  cancel(): void {
    this.floor.decide(() => {
      for (const { intended } of [...this.floor.actors.orders.working()])
        this.floor.actors.orders.cancel(intended.ordinal, 'a test');
    });
    this.#take();
  }

  /** Performs the oldest effect that waits. */
  perform(fate: Fate): void {
    const effect = this.#effects.shift();
    if (effect === undefined) return;
    const { ordinal } = effect.payload as { ordinal: number };
    const there = this.venue.get(ordinal);
    if (effect.type === 'SubmitAttempted') this.#submitted(ordinal, fate);
    else if (effect.type === 'OrderLookupRequested') this.#lookedUp(ordinal, fate);
    else if (effect.type === 'CancelAttempted') {
      if (fate !== 'answered') {
        if (fate === 'ackDropped' && there?.status === 'working') there.status = 'canceled';
        this.#say(o.OrderOutcomeUnknown.of({ ordinal, reason: '504' }));
      } else if (there?.status === 'working') {
        there.status = 'canceled';
        there.hidden = false;
        this.#say(o.OrderCanceled.of({ ordinal, reason: 'asked' }));
      } else this.#say(o.CancelRejected.of({ ordinal, reason: 'not cancelable' }));
    }
    this.#take();
  }

  #submitted(ordinal: number, fate: Fate): void {
    const known = this.venue.get(ordinal);
    if (known !== undefined) {
      // Client order ids are never used twice: a second submit is refused, and what is there is found.
      known.hidden = false;
      this.#say(o.OrderOutcomeUnknown.of({ ordinal, reason: 'the id is taken' }));
      return;
    }
    if (fate !== 'lostOnTheWay')
      this.venue.set(ordinal, { filled: 0, hidden: fate === 'takenLate', status: 'working' });
    if (fate === 'answered') this.#say(o.OrderAccepted.of({ ordinal, venueOrderId: `v${ordinal}` }));
    else this.#say(o.OrderOutcomeUnknown.of({ ordinal, reason: 'no answer' }));
  }

  #lookedUp(ordinal: number, fate: Fate): void {
    const there = this.venue.get(ordinal);
    if (fate === 'lostOnTheWay') return;
    if (fate === 'ackDropped') return this.#say(o.OrderLookupFailed.of({ ordinal, reason: '503' }));
    if (there === undefined || there.hidden) {
      count(this.#misses, ordinal);
      return this.#say(o.OrderNotFound.of({ ordinal }));
    }
    this.#found(ordinal, there);
  }

  #found(ordinal: number, there: There): void {
    const known = this.floor.actors.orders.get(ordinal)!.state.filledQty;
    if (there.filled > known) this.#fill(ordinal, there.filled - known, QUANTITY - there.filled);
    if (there.status === 'canceled') this.#say(o.OrderCanceled.of({ ordinal, reason: 'found' }));
    if (there.status === 'working') this.#say(o.OrderAccepted.of({ ordinal, venueOrderId: `v${ordinal}` }));
  }

  /** Trades at the venue; `told`: and we hear of it. */
  trade(quantity: number, told: boolean): void {
    for (const [ordinal, there] of this.venue) {
      if (there.status !== 'working') continue;
      const lastQty = Math.min(quantity, QUANTITY - there.filled);
      const known = this.floor.actors.orders.get(ordinal)!.state.filledQty;
      there.filled += lastQty;
      if (there.filled === QUANTITY) there.status = 'filled';
      if (told) this.#fill(ordinal, there.filled - known, QUANTITY - there.filled);
    }
    this.#take();
  }

  appear(): void {
    for (const [ordinal, there] of this.venue) {
      if (!there.hidden) continue;
      there.hidden = false;
      this.#found(ordinal, there);
    }
    this.#take();
  }

  wait(seconds: number): void {
    this.floor.after(seconds * SECOND).decide(() => {});
    this.#take();
  }

  /** A new process resumes the session: what left and had no answer has none. */
  restart(): void {
    this.#effects = [];
    this.floor.input(SessionResumed.of({ reason: 'killed' }));
    this.wait(1);
  }

  /** The venue answers everything from now on, and hides nothing. */
  settle(): void {
    this.appear();
    // What the stream never told, reconciliation does.
    this.restart();
    for (let i = 0; i < BOUND_S; i++) {
      while (this.#effects.length > 0) this.perform('answered');
      this.wait(1);
    }
  }

  #fill(ordinal: number, lastQty: number, leavesQty: number): void {
    if (lastQty <= 0) return;
    const executionId = `x${++this.#executions}`;
    const report = { executionId, feeMicros: 0, lastPx: PX, lastQty, leavesQty, ordinal };
    this.#say(o.OrderFilled.of({ ...report, side: 'buy', symbol: 'A' }));
  }

  #say(input: Parameters<Floor['input']>[0]): void {
    this.floor.input(input);
    this.check();
  }

  #take(): void {
    for (const effect of this.floor.kernel.takeEffects()) {
      this.#effects.push(effect);
      if (effect.type !== 'SubmitAttempted') continue;
      // Never a third time, and a second only after five look-ups found nothing.
      const { ordinal } = effect.payload as { ordinal: number };
      const times = count(this.#sent, ordinal);
      expect(times).toBeLessThanOrEqual(2);
      if (times === 2) expect(this.#misses.get(ordinal)).toBeGreaterThanOrEqual(5);
    }
    this.check();
  }

  check(): void {
    const { orders, portfolio, unknown } = this.floor.actors;
    expect(this.floor.kernel.halted).toBeNull();
    // At most one order that may live; what was given up and appears is being canceled, its symbol frozen.
    const living = orders.known().filter(({ status }) => !over(status));
    expect(living.length).toBeLessThanOrEqual(1);
    for (const { status } of living) if (status === 'unknown') expect(unknown.frozen('A')).toBe(true);
    // Terminal stays terminal; nothing is filled beyond what was ordered.
    let filled = 0;
    for (const { ordinal, status, filledQty, orderedQty } of orders.known()) {
      filled += filledQty;
      expect(filledQty).toBeLessThanOrEqual(orderedQty!);
      expect(status).toBe(this.#ended.get(ordinal) ?? status);
      if (over(status)) this.#ended.set(ordinal, status);
    }
    expect(portfolio.quantity('A')).toBe(filled);
    expect(portfolio.cashMicros).toBe((100_000 - filled * PX) * DOLLAR);
  }
}

const fates: readonly Fate[] = ['answered', 'lostOnTheWay', 'ackDropped', 'takenLate'];
const steps = fc.array(
  fc.oneof(
    fc.constant((world: World) => world.submit()),
    fc.constant((world: World) => world.cancel()),
    { weight: 6, arbitrary: fc.constantFrom(...fates).map((fate) => (world: World) => world.perform(fate)) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }).map((n) => (world: World) => world.wait(n)) },
    fc.tuple(fc.integer({ min: 1, max: QUANTITY }), fc.boolean()).map(
      ([n, told]) =>
        (world: World) =>
          world.trade(n, told),
    ),
    fc.constant((world: World) => world.appear()),
    fc.constant((world: World) => world.restart()),
  ),
  { maxLength: 60, minLength: 1 },
);

describe('orders against a venue that loses and delays anything', () => {
  test('never live twice, are counted once, and are all resolved once the venue answers', () => {
    let resent = 0;
    let givenUp = 0;
    fc.assert(
      fc.property(steps, (script) => {
        const world = new World();
        world.submit();
        for (const step of script) step(world);
        world.settle();
        const { orders, unknown } = world.floor.actors;
        expect(unknown.frozen('A')).toBe(false);
        for (const { ordinal, status, filledQty } of orders.known()) {
          expect(['unknown', 'submitted', 'pendingCancel']).not.toContain(status);
          const there = world.venue.get(ordinal);
          // What is over for us lives nowhere, and what traded of it was counted.
          if (over(status) && there !== undefined) expect(there.status).not.toBe('working');
          if (there?.status === 'working') expect(filledQty).toBeLessThanOrEqual(there.filled);
        }
        resent += world.floor.payloads('SubmitAttempted').length - orders.known().length;
        givenUp += world.floor.payloads('OrderGivenUp').length;
      }),
      { numRuns: 100 },
    );
    // The rare ways were walked, too.
    expect(resent).toBeGreaterThan(0);
    expect(givenUp).toBeGreaterThan(0);
  });
});
