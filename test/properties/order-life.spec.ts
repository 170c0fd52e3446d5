/**
 * An intent worked on quotes against venues that answer anything in any order: the status table of the written promises,
 * typed here and not imported, is kept by every order, and what the walk promises holds after every step.
 */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { Floor } from '../actors/trading-floor.ts';

const QUANTITY = 10;

type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;
const ends = { OrderCanceled: 'canceled', OrderExpired: 'expired' };
/** `fill`: filled when nothing is left, else partiallyFilled. `back`: to what was left for the pending cancel. */
const table: Table = {
  initialized: { ...ends, OrderDenied: 'denied', SubmitAttempted: 'submitted' },
  submitted: {
    ...ends,
    OrderAccepted: 'accepted',
    OrderRejected: 'rejected',
    OrderFilled: 'fill',
    CancelAttempted: 'pendingCancel',
    OrderOutcomeUnknown: 'unknown',
  },
  accepted: { ...ends, OrderRejected: 'rejected', OrderFilled: 'fill', CancelAttempted: 'pendingCancel' },
  partiallyFilled: { ...ends, OrderFilled: 'fill', CancelAttempted: 'pendingCancel' },
  pendingCancel: { ...ends, OrderFilled: 'fill', CancelRejected: 'back' },
  unknown: {
    ...ends,
    OrderAccepted: 'accepted',
    OrderRejected: 'rejected',
    OrderFilled: 'fill',
    CancelAttempted: 'pendingCancel',
  },
  filled: {},
  canceled: {},
  expired: {},
  denied: {},
  rejected: {},
};
const over = (status: string): boolean => Object.keys(table[status]).length === 0;

/** One order as the table has it. */
interface Model {
  status: string;
  /** Under a pending cancel. */
  beneath: string;
  filled: number;
  /** A cancel was asked for and has no answer yet, whatever traded since. */
  asked: boolean;
  readonly quantity: number;
  readonly executions: Set<string>;
}

interface Fact {
  readonly type: string;
  readonly payload: { readonly executionId: string; readonly lastQty: number };
}

function apply(model: Model, { type, payload }: Fact): void {
  if (type === 'CancelAttempted') model.asked = true;
  if (type === 'CancelRejected' || type === 'OrderCanceled') model.asked = false;
  if (type === 'OrderFilled') {
    if (model.executions.has(payload.executionId)) return;
    model.executions.add(payload.executionId);
    model.filled += payload.lastQty;
    if (!over(model.status)) model.status = model.filled < model.quantity ? 'partiallyFilled' : 'filled';
    return;
  }
  const target = table[model.status][type];
  if (target === 'back') model.status = model.beneath;
  else if (target === 'pendingCancel') [model.beneath, model.status] = [model.status, target];
  else if (target !== undefined) model.status = target;
  else if (model.status === 'pendingCancel' && type !== 'CancelAttempted') {
    // A report of the submit that crossed the cancel: it moves what lies beneath, and a cancel of a living order stays.
    const below = table[model.beneath][type];
    if (below !== undefined && (over(below) || below === 'unknown')) model.status = below;
    else if (below !== undefined) model.beneath = below;
  }
}

class Venue {
  readonly floor: Floor;
  readonly action: 'enter' | 'exit';
  readonly models = new Map<number, Model>();
  bid = 10_000;
  width = 40;
  /** Traded after an order was reported over: what nobody could have known. */
  late = 0;
  #read = 0;
  #executions = 0;

  constructor(action: 'enter' | 'exit', seed: number) {
    this.action = action;
    this.floor = new Floor({
      priceSource: 'quotes',
      run: { seed },
      config: { liquidity: { shareSpreadBps: 1_000 }, risk: { rejectsPerMinute: 100, rejectsInARow: 100 } },
    });
    this.quote();
    if (action === 'exit') this.floor.hold('A', QUANTITY, 100).after(6_000_000);
    this.#read = this.floor.log.events.length;
    this.floor.decide(() => this.floor.defer({ intent: 1, action, quantity: QUANTITY }));
    this.quote();
    this.floor.opened();
    this.#follow();
  }

  quote(): void {
    this.floor.quote('A', this.bid / 100, (this.bid + this.width) / 100);
  }

  get sent(): readonly number[] {
    return [...this.models.keys()];
  }

  /** Reports on an order, as far as an honest venue may: it never trades more than was ordered. */
  report(what: string, ordinal: number, share: number): void {
    const model = this.models.get(ordinal)!;
    const { floor } = this;
    const leaves = model.quantity - model.filled;
    const part = Math.max(1, Math.ceil(leaves * share));
    switch (what) {
      case 'accept':
        if (!over(model.status)) floor.accept(ordinal);
        break;
      case 'reject':
        if (!over(model.status) && model.filled === 0) floor.reject(ordinal);
        break;
      case 'fill':
        if (leaves > 0 && !['denied', 'rejected', 'initialized'].includes(model.status))
          this.#fill(ordinal, part, leaves - part);
        break;
      case 'repeat':
        if (model.filled > 0) this.#fill(ordinal, 1, leaves, [...model.executions][0]);
        break;
      case 'cancel':
        if (model.asked && !over(model.status)) floor.cancelled(ordinal);
        break;
      case 'expire':
        if (!over(model.status)) floor.input(event('OrderExpired', { ordinal }));
        break;
      case 'refuse':
        if (model.asked) floor.input(event('CancelRejected', { ordinal, reason: 'late' }));
        break;
      case 'unknown':
        if (model.status === 'submitted')
          floor.input(event('OrderOutcomeUnknown', { ordinal, reason: '504' }));
        break;
    }
    this.#follow();
  }

  act(what: string, n: number): void {
    const { floor } = this;
    if (what === 'quote') {
      this.bid = Math.max(5_000, this.bid + (n % 41) - 20);
      this.width = 1 + ((n >> 6) % 60);
      floor.after(300_000);
      this.quote();
    } else if (what === 'wait') {
      for (let i = 0; i <= n % 8; i++) {
        floor.after(500_000);
        this.quote();
      }
    } else if (what === 'silence') {
      floor.after(1_000_000 * (1 + (n % 5))).decide(() => undefined);
    } else if (this.sent.length > 0) {
      // Mostly about the newest order, now and then about an older one.
      const back = n % 4 === 0 ? n % this.sent.length : 0;
      return this.report(what, this.sent.at(-1 - back)!, ((n >> 3) % 5) / 4);
    }
    this.#follow();
  }

  /** Everything that is asked is answered, and nothing trades any more. */
  cooperate(seconds: number): void {
    for (let i = 0; i < seconds * 2; i++) {
      this.floor.after(500_000);
      this.quote();
      this.#follow();
      for (const ordinal of this.sent) {
        const { status, asked } = this.models.get(ordinal)!;
        if (status === 'submitted') this.report('accept', ordinal, 0);
        if (asked) this.report('cancel', ordinal, 0);
        if (status === 'unknown') this.report('expire', ordinal, 0);
      }
    }
  }

  #fill(ordinal: number, lastQty: number, leavesQty: number, known?: string): void {
    const executionId = known ?? `venue-${++this.#executions}`;
    const side = this.action === 'enter' ? 'buy' : 'sell';
    const report = { ordinal, executionId, symbol: 'A', side, lastQty, lastPx: 100, leavesQty, feeMicros: 0 };
    if (known === undefined && over(this.models.get(ordinal)!.status)) this.late += lastQty;
    this.floor.input(event('OrderFilled', report));
  }

  /** Reads on in the log, keeps the model, and checks what is promised of each order at its birth. */
  #follow(): void {
    const { events } = this.floor.log;
    for (; this.#read < events.length; this.#read++) {
      const { type, payload } = events[this.#read] as unknown as {
        type: string;
        payload: Fact['payload'] & { ordinal?: number; intent?: number };
      };
      if (type === 'OrderIntended' && payload.intent === 1) this.#born(payload as never);
      else if (payload.ordinal != null && this.models.has(payload.ordinal))
        apply(this.models.get(payload.ordinal)!, { type, payload });
    }
    expect(this.floor.kernel.halted).toBeNull();
    const living = [...this.models.values()].filter(({ status }) => !over(status));
    expect(living.length, 'live orders of one intent').toBeLessThanOrEqual(1);
    expect(this.filled).toBeLessThanOrEqual(QUANTITY + this.late);
    for (const [ordinal, { status, filled }] of this.models) {
      const { state } = this.floor.actors.orders.get(ordinal)!;
      expect([ordinal, state.status, state.filledQty]).toEqual([ordinal, status, filled]);
    }
  }

  get filled(): number {
    let sum = 0;
    for (const { filled } of this.models.values()) sum += filled;
    return sum;
  }

  #born(order: {
    ordinal: number;
    limitPx: number;
    bidPx: number;
    askPx: number;
    size: { quantity: number };
  }) {
    const { ordinal, limitPx, bidPx, askPx, size } = order;
    expect(size.quantity + this.filled).toBeLessThanOrEqual(Math.max(QUANTITY, this.filled));
    expect([bidPx, askPx]).toEqual([this.bid / 100, (this.bid + this.width) / 100]);
    const cents = Math.round(limitPx * 100);
    expect(limitPx).toBe(cents / 100);
    const middle = this.bid + this.width / 2;
    if (this.action === 'enter') {
      const cap = Math.max(Math.floor(middle + this.width / 4), Math.floor(middle) + 1);
      expect(cents).toBeLessThanOrEqual(Math.min(cap, this.bid + this.width));
      expect(cents).toBeGreaterThanOrEqual(Math.floor(middle));
    } else {
      expect(cents).toBeGreaterThanOrEqual(this.bid);
      expect(cents).toBeLessThanOrEqual(Math.ceil(middle));
    }
    const fresh = { status: 'initialized', beneath: '', filled: 0, asked: false, quantity: size.quantity };
    this.models.set(ordinal, { ...fresh, executions: new Set() });
  }
}

const event = (type: string, payload: object) => ({ kind: 'input', type, version: 1, payload }) as never;

const doings = [
  ...['quote', 'quote', 'quote', 'wait', 'wait', 'silence'],
  ...[
    'accept',
    'accept',
    'fill',
    'fill',
    'repeat',
    'cancel',
    'cancel',
    'cancel',
    'refuse',
    'expire',
    'unknown',
  ],
  'reject',
];
const steps = fc.array(fc.tuple(fc.constantFrom(...doings), fc.nat(10_000)), { minLength: 1, maxLength: 60 });

describe('a worked intent keeps its promises whatever the venue answers', () => {
  for (const action of ['enter', 'exit'] as const) {
    test.prop([steps, fc.nat(1_000)], { numRuns: 40 })(action, (script, seed) => {
      const venue = new Venue(action, seed);
      for (const [what, n] of script) venue.act(what, n);
      venue.cooperate(action === 'enter' ? 120 : 60);
      const { orders, portfolio } = venue.floor.actors;
      // An entry has left; an exit rests at the touch, or is over.
      if (action === 'enter') expect([...orders.working()]).toEqual([]);
      for (const { state } of orders.working())
        expect(['accepted', 'partiallyFilled']).toContain(state.status);
      const signed = action === 'enter' ? venue.filled : QUANTITY - venue.filled;
      expect(portfolio.quantity('A')).toBe(signed);
    });
  }
});
