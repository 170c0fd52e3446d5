import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { notionalMicros } from '../../../src/domain/money.ts';
import { Ledger } from '../../../src/domain/portfolio.ts';
import type { OrderFilled } from '../../../src/events/order.events.ts';
import { type Bar, MINUTE, Venue, type VenueOptions } from './venue.ts';

const cents = (low: number, high: number) =>
  fc.integer({ min: low * 100, max: high * 100 }).map((n) => n / 100);

const barArb: fc.Arbitrary<Bar> = fc
  .tuple(cents(90, 110), cents(90, 110), cents(0, 5), cents(0, 5), fc.integer({ min: 0, max: 400 }))
  .map(([open, close, up, down, volume]) => ({
    open,
    close,
    volume,
    high: Math.max(open, close) + up,
    low: Math.min(open, close) - down,
  }));

const termsArb = fc.record({
  side: fc.constantFrom('buy' as const, 'sell' as const),
  quantity: fc.integer({ min: 1, max: 60 }),
  timeInForce: fc.constantFrom('day' as const, 'gtc' as const, 'ioc' as const, 'fok' as const),
  kind: fc.constantFrom('market' as const, 'limit' as const, 'stop' as const),
  px: cents(88, 112),
});

interface Minute {
  readonly bar: Bar;
  readonly orders: readonly (typeof termsArb extends fc.Arbitrary<infer T> ? T : never)[];
  readonly cancel: number;
  readonly late: number;
}
const marketArb: fc.Arbitrary<readonly Minute[]> = fc.array(
  fc.record({
    bar: barArb,
    orders: fc.array(termsArb, { maxLength: 3 }),
    cancel: fc.integer({ min: 0, max: 30 }),
    late: fc.constantFrom(0, 0, MINUTE / 2),
  }),
  { minLength: 1, maxLength: 15 },
);

type Fill = OrderFilled & { readonly at: number; readonly time: number };

/** Trades the market; returns every order by ordinal with when it was sent, and every fill. */
function trade(options: VenueOptions, minutes: readonly Minute[]) {
  const venue = new Venue({
    cash: 20_000,
    config: { volumeShare: 0.1 },
    commission: { kind: 'perShare', perShare: 0.01, minimum: 1 },
    ...options,
  });
  const orders = new Map<number, Minute['orders'][number] & { sentAt: number }>();
  minutes.forEach(({ bar, orders: wanted, cancel, late }, i) => {
    const now = (i + 1) * MINUTE + late;
    venue.deliver(now);
    for (const { kind, px, ...terms } of wanted) {
      const prices = kind === 'limit' ? { limitPx: px } : kind === 'stop' ? { stopPx: px } : {};
      orders.set(venue.send(now, { ...terms, ...prices }), { kind, px, ...terms, sentAt: now });
    }
    if (orders.has(cancel)) venue.exchange.cancel(cancel, now);
    venue.bar((i + 2) * MINUTE, bar);
  });
  venue.deliver();
  const fills = venue.reports
    .filter(({ type }) => type === 'OrderFilled')
    .map(({ payload, at, time }): Fill => ({ ...(payload as unknown as OrderFilled), at, time }));
  return { venue, orders, fills };
}

/** The bar a fill belongs to: reported at its start or at its end. */
const barsAround = (minutes: readonly Minute[], time: number) =>
  [Math.ceil(time / MINUTE) - 2, Math.floor(time / MINUTE) - 1].map((i) => minutes[i]?.bar).filter(Boolean);

const RUNS = { numRuns: 150 };

describe('over random bars and orders', () => {
  const optionsArb = fc.record({
    allowShort: fc.boolean(),
    execution: fc.constantFrom('next-open' as const, 'next-close' as const),
  });

  test('no fill lies outside its bar, before its order, or beyond its limit', () => {
    fc.assert(
      fc.property(optionsArb, marketArb, (options, minutes) => {
        const { orders, fills } = trade(options, minutes);
        for (const { ordinal, lastPx, side, time, at } of fills) {
          const order = orders.get(ordinal)!;
          expect(barsAround(minutes, time).some((bar) => lastPx >= bar.low && lastPx <= bar.high)).toBe(true);
          expect(time).toBeGreaterThanOrEqual(order.sentAt);
          expect(at).toBeGreaterThanOrEqual(time);
          if (order.kind === 'limit' && side === 'buy') expect(lastPx).toBeLessThanOrEqual(order.px);
          if (order.kind === 'limit' && side === 'sell') expect(lastPx).toBeGreaterThanOrEqual(order.px);
        }
      }),
      RUNS,
    );
  });

  test('fills never exceed the order, nor a bar’s share of volume; executions are unique', () => {
    fc.assert(
      fc.property(optionsArb, marketArb, (options, minutes) => {
        const { orders, fills } = trade(options, minutes);
        const filled = new Map<number, number>();
        for (const { ordinal, lastQty, leavesQty } of fills) {
          filled.set(ordinal, (filled.get(ordinal) ?? 0) + lastQty);
          expect(filled.get(ordinal)! + leavesQty).toBe(orders.get(ordinal)!.quantity);
        }
        expect(new Set(fills.map(({ executionId }) => executionId)).size).toBe(fills.length);
        const greatest = Math.max(
          ...minutes.map(({ bar }) => (bar.volume === 0 ? Number.POSITIVE_INFINITY : bar.volume! / 10)),
        );
        for (const { lastQty } of fills) expect(lastQty).toBeLessThanOrEqual(greatest);
      }),
      RUNS,
    );
  });

  test('every order ends at most once, and nothing follows', () => {
    fc.assert(
      fc.property(optionsArb, marketArb, (options, minutes) => {
        const { venue } = trade(options, minutes);
        const over = new Set<number>();
        for (const { type, ordinal, payload } of venue.reports) {
          if (type === 'CancelRejected') continue;
          expect(over.has(ordinal)).toBe(false);
          const ends = ['OrderCanceled', 'OrderRejected', 'OrderExpired'].includes(type);
          if (ends || (type === 'OrderFilled' && (payload as unknown as OrderFilled).leavesQty === 0))
            over.add(ordinal);
        }
      }),
      RUNS,
    );
  });

  test('the account’s cash and position are what a ledger makes of the fills', () => {
    fc.assert(
      fc.property(optionsArb, marketArb, (options, minutes) => {
        const { venue, fills } = trade(options, minutes);
        const ledger = new Ledger(20_000_000_000);
        let [cash, position] = [20_000_000_000, 0];
        for (const { executionId, symbol, side, lastQty, lastPx, feeMicros } of fills) {
          const sign = side === 'buy' ? 1 : -1;
          ledger.fill({
            executionId,
            symbol,
            side,
            quantity: lastQty,
            px: lastPx,
            feeMicros,
            role: 'tactical',
            multiplier: 1,
          });
          cash -= sign * notionalMicros(lastQty, lastPx) + feeMicros;
          position += sign * lastQty;
          if (!options.allowShort) expect(position).toBeGreaterThanOrEqual(0);
        }
        const account = venue.exchange.toJSON().account;
        expect(account.cashMicros).toBe(cash);
        expect(account.cashMicros).toBe(ledger.cashMicros);
        expect(ledger.position('ABC', 'tactical')?.quantity ?? 0).toBe(position);
      }),
      RUNS,
    );
  });

  test('under the modelled spread no fill is better than the recorded price, nor beyond its limit', () => {
    fc.assert(
      fc.property(marketArb, (minutes) => {
        const config = {
          halfSpread: 0.001,
          submitLatencyUs: 5_000,
          reportLatencyUs: 5_000,
          latencyJitterUs: 50_000,
        };
        const { orders, fills } = trade({ execution: 'midpoint', allowShort: true, config }, minutes);
        for (const { ordinal, lastPx, side, time, at } of fills) {
          const order = orders.get(ordinal)!;
          const reach = barsAround(minutes, time).map(({ low, high }) =>
            side === 'buy'
              ? lastPx >= low && lastPx <= high * 1.001 + 0.01
              : lastPx <= high && lastPx >= low * 0.999 - 0.01,
          );
          expect(reach).toContain(true);
          expect(time).toBeGreaterThanOrEqual(order.sentAt + config.submitLatencyUs);
          expect(at).toBeGreaterThanOrEqual(time + config.reportLatencyUs);
          if (order.kind === 'limit')
            expect(side === 'buy' ? lastPx <= order.px : lastPx >= order.px).toBe(true);
        }
      }),
      RUNS,
    );
  });

  test('the same seed tells the same story, report by report', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), marketArb, (seed, minutes) => {
        const options = { seed, execution: 'midpoint', config: { latencyJitterUs: 90_000_000 } } as const;
        expect(trade(options, minutes).venue.heard).toEqual(trade(options, minutes).venue.heard);
      }),
      { numRuns: 30 },
    );
  });
});
