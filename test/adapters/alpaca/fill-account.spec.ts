import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  type AccountNews,
  FillAccount,
  type VenueExecution,
  type VenueSums,
} from '../../../src/adapters/alpaca/fill-account.ts';

const NEVER = { filledQty: 0, avgPx: null };

type Message =
  | { readonly kind: 'execution'; readonly execution: VenueExecution; readonly sums: VenueSums }
  | { readonly kind: 'sums'; readonly sums: VenueSums }
  | {
      readonly kind: 'restated';
      readonly id: string;
      readonly now: VenueExecution | null;
      readonly sums: VenueSums;
    };

/** What the engine would make of the news: by execution id, as its ledger counts. */
class Ledger {
  readonly executions = new Map<string, { qty: number; px: number }>();

  take({ fills, restated }: AccountNews): void {
    for (const { executionId, lastPx, lastQty } of restated) {
      if (!this.executions.has(executionId)) throw new Error(`${executionId} is not known`);
      this.executions.set(executionId, { qty: lastQty, px: lastPx });
    }
    for (const { executionId, lastPx, lastQty } of fills) {
      if (this.executions.has(executionId)) throw new Error(`${executionId} came twice`);
      if (!(lastQty > 0 && lastPx > 0)) throw new Error(`${executionId}: ${lastQty} at ${lastPx}`);
      this.executions.set(executionId, { qty: lastQty, px: lastPx });
    }
  }

  total(): { qty: number; cents: number } {
    let qty = 0;
    let paid = 0;
    for (const each of this.executions.values()) {
      qty += each.qty;
      paid += each.qty * each.px;
    }
    return { qty, cents: Math.round(paid * 10_000) / 100 };
  }
}

/** The venue's own books, and a message for each thing that happened to them. */
class VenueOrder {
  readonly executions = new Map<string, VenueExecution>();
  readonly messages: Message[] = [];
  #now = 0;

  sums(): VenueSums {
    let filledQty = 0;
    let paid = 0;
    for (const { px, qty } of this.executions.values()) {
      filledQty += qty;
      paid += qty * px;
    }
    return {
      venueOrderId: 'v',
      filledQty,
      avgPx: filledQty === 0 ? null : paid / filledQty,
      asOf: this.#now,
    };
  }

  fill(qty: number, px: number): void {
    this.#now += 1;
    const execution = { executionId: `e${this.#now}`, qty, px };
    this.executions.set(execution.executionId, execution);
    this.messages.push({ kind: 'execution', execution, sums: this.sums() });
  }

  look(): void {
    this.#now += 1;
    this.messages.push({ kind: 'sums', sums: this.sums() });
  }

  restate(nth: number, to: { qty: number; px: number } | null): void {
    const ids = [...this.executions.keys()];
    if (ids.length === 0) return;
    this.#now += 1;
    const id = ids[nth % ids.length]!;
    const now = to === null ? null : { executionId: `e${this.#now}`, ...to };
    this.executions.delete(id);
    if (now !== null) this.executions.set(now.executionId, now);
    this.messages.push({ kind: 'restated', id, now, sums: this.sums() });
  }
}

function tell(account: FillAccount, message: Message): AccountNews {
  if (message.kind === 'sums') return account.sums(message.sums);
  if (message.kind === 'execution') return account.execution(message.execution, message.sums);
  return account.restated(message.id, message.now, message.sums);
}

const qty = fc.integer({ min: 1, max: 500 });
const px = fc.integer({ min: 1, max: 50_000 }).map((cents) => cents / 100);
const fillsAndLooks = fc.array(fc.option(fc.record({ qty, px }), { freq: 4 }), {
  minLength: 1,
  maxLength: 8,
});

/** Any order of the messages, each once or more often; the last look-up of the venue comes last, as reconciliation does. */
const shuffled = (count: number) =>
  fc
    .array(fc.integer({ min: 0, max: count - 1 }), { maxLength: count })
    .chain((again) =>
      fc.shuffledSubarray([...Array(count).keys(), ...again], { minLength: count + again.length }),
    );

const history = fillsAndLooks.chain((steps) => {
  const venue = new VenueOrder();
  for (const step of steps) step === null ? venue.look() : venue.fill(step.qty, step.px);
  return shuffled(venue.messages.length).map((order) => ({ venue, order }));
});

const restatement = fc.record({ nth: fc.nat(10), to: fc.option(fc.record({ qty, px })) });
const restatedHistory = fc
  .array(fc.oneof(fc.record({ qty, px }), restatement), { minLength: 1, maxLength: 7 })
  .chain((steps) => {
    const venue = new VenueOrder();
    for (const step of steps)
      'nth' in step ? venue.restate(step.nth, step.to) : venue.fill(step.qty, step.px);
    const { messages } = venue;
    return fc.record({
      venue: fc.constant(venue),
      again: fc.array(fc.nat(Math.max(0, messages.length - 1)), { maxLength: 4 }),
    });
  });

/** Two corrections that overtake each other are beyond what the sums can tell. */
const restatedOnce = fc
  .record({
    before: fc.array(fc.record({ qty, px }), { minLength: 1, maxLength: 4 }),
    restatement,
    after: fc.array(fc.record({ qty, px }), { maxLength: 3 }),
  })
  .chain(({ after, before, restatement: { nth, to } }) => {
    const venue = new VenueOrder();
    for (const each of before) venue.fill(each.qty, each.px);
    venue.restate(nth, to);
    for (const each of after) venue.fill(each.qty, each.px);
    return shuffled(venue.messages.length).map((order) => ({ venue, order }));
  });

function played(messages: readonly Message[], order: readonly number[]) {
  const ledger = new Ledger();
  const account = new FillAccount(NEVER);
  for (const index of order) ledger.take(tell(account, messages[index]!));
  return { ledger, account };
}

function expectAgreement(ledger: Ledger, venue: VenueOrder): void {
  const { avgPx, filledQty } = venue.sums();
  expect(ledger.total()).toEqual({
    qty: filledQty,
    cents: Math.round(filledQty * (avgPx ?? 0) * 10_000) / 100,
  });
}

describe('the account of an order’s fills', () => {
  test.prop([history])(
    'is the venue’s, in whatever order and how often its updates come',
    ({ order, venue }) => {
      const { ledger } = played(venue.messages, order);
      expectAgreement(ledger, venue);
    },
  );

  test.prop([history, fc.nat(8)])(
    'is the venue’s when updates are lost and a look-up follows',
    ({ order, venue }, lost) => {
      const ledger = new Ledger();
      const account = new FillAccount(NEVER);
      for (const index of order.slice(lost)) ledger.take(tell(account, venue.messages[index]!));
      ledger.take(account.sums(venue.sums()));
      expectAgreement(ledger, venue);
    },
  );

  test.prop([history, fc.nat(8)])(
    'goes on from what the engine knew before a restart',
    ({ order, venue }, stop) => {
      const before = played(venue.messages, order.slice(0, stop));
      const { qty: filledQty, paid } = before.account.total;
      const resumed = new FillAccount({ filledQty, avgPx: filledQty === 0 ? null : paid / filledQty });
      const messages = order.map((index) => venue.messages[index]!);
      // The rest, repeats of what came before the restart, and a look-up.
      for (const message of [...messages.slice(stop), ...messages.slice(0, stop)]) {
        before.ledger.take(tell(resumed, message));
      }
      before.ledger.take(resumed.sums(venue.sums()));
      expectAgreement(before.ledger, venue);
    },
  );

  test('a bust of the same moment as its fill takes it back, and a repeated fill does not bring it again', () => {
    const account = new FillAccount(NEVER);
    const ledger = new Ledger();
    const filled: VenueSums = { venueOrderId: 'v1', filledQty: 23, avgPx: 10, asOf: 1_000 };
    const execution = { executionId: 'e1', qty: 23, px: 10 };
    ledger.take(account.execution(execution, filled));
    ledger.take(account.restated('e1', null, { ...filled, filledQty: 0, avgPx: null }));
    ledger.take(account.execution(execution, filled));
    expect(ledger.total().qty).toBe(0);
  });

  test.prop([restatedHistory])(
    'follows busts and corrections, and repeats change nothing',
    ({ again, venue }) => {
      const { messages } = venue;
      const order = messages.flatMap((_, index) => [index, ...again.filter((each) => each <= index)]);
      const { ledger } = played(messages, order);
      expectAgreement(ledger, venue);
    },
  );

  test.prop([restatedOnce], { numRuns: 300 })(
    'follows a bust or a correction wherever it comes among the updates',
    ({ order, venue }) => {
      const { ledger } = played(venue.messages, order);
      expectAgreement(ledger, venue);
    },
  );

  const first = { executionId: 'a', qty: 60, px: 10 };
  const second = { executionId: 'b', qty: 40, px: 11 };
  const at = (asOf: number, filledQty: number, paid: number): VenueSums => ({
    venueOrderId: 'v',
    filledQty,
    avgPx: paid / filledQty,
    asOf,
  });

  test('tells of what was missed before the execution that shows it', () => {
    const account = new FillAccount(NEVER);
    expect(account.execution(second, at(2, 100, 1_040)).fills).toEqual([
      { executionId: 'inferred-v-60', lastQty: 60, lastPx: 10, filledQty: 60 },
      { executionId: 'b', lastQty: 40, lastPx: 11, filledQty: 100 },
    ]);
    expect(account.execution(first, at(1, 60, 600)).fills).toEqual([]);
  });

  test('takes a bust of an execution that is inside an inferred one off that one', () => {
    const account = new FillAccount(NEVER);
    account.sums(at(2, 100, 1_040));
    expect(account.restated('b', null, at(3, 60, 600)).restated).toEqual([
      { executionId: 'inferred-v-100', lastQty: 60, lastPx: 10 },
    ]);
    expect(account.execution(second, at(2, 100, 1_040)).fills).toEqual([]);
    expect(account.total).toEqual({ qty: 60, paid: 600 });
  });

  test('counts a fill after a bust that brings the sum back to where it was', () => {
    const account = new FillAccount(NEVER);
    account.execution(first, at(1, 60, 600));
    account.execution(second, at(2, 100, 1_040));
    account.restated('b', null, at(3, 60, 600));
    expect(account.execution(second, at(2, 100, 1_040)).fills).toEqual([]);
    const third = { executionId: 'c', qty: 40, px: 12 };
    expect(account.execution(third, at(4, 100, 1_080)).fills).toMatchObject([{ executionId: 'c' }]);
    expect(account.total).toEqual({ qty: 100, paid: 1_080 });
  });

  test.each([
    ['counts on', at(3, 100, 1_040), at(2, 60, 600)],
    ['counts from nothing', { ...at(3, 40, 440), venueOrderId: 'w' }, { ...at(2, 0, 0), avgPx: null }],
  ])('a replacement that %s adds up with what it replaced', (_, after, atFirst) => {
    const account = new FillAccount(NEVER);
    account.execution(first, at(1, 60, 600));
    account.replacedBy({ ...atFirst, venueOrderId: 'w' });
    account.execution(second, { ...after, venueOrderId: 'w' });
    expect(account.total).toEqual({ qty: 100, paid: 1_040 });
  });
});
