/** What the engine relies on from every broker, simulated or real: run by each adapter's own tests. */
import { describe, expect, test } from 'vitest';
import {
  isRefused,
  isTerminal,
  type OrderFact,
  type OrderState,
  orderStatus,
} from '../../src/domain/order-status.ts';
import type { NewInput } from '../../src/events/define-event.ts';
import type { SubmitAttempted } from '../../src/events/order.events.ts';

/** A broker with a market at hand that the test can move. Each step returns once the broker has seen it. */
export interface BrokerUnderTest {
  /** The market shows `size` units on either side of this spread. */
  quote(bidPx: number, askPx: number, size: number): Promise<void> | void;
  submit(order: SubmitAttempted): Promise<void> | void;
  cancel(ordinal: number): Promise<void> | void;
  /** All reports since the last call, in the order of their delivery. */
  reports(): Promise<readonly NewInput[]> | readonly NewInput[];
}

let ordinal = 0;

/** A buy limit of 10 ABC at 100, but for what is said. */
const buy = (terms: Partial<SubmitAttempted> = {}): SubmitAttempted => ({
  ordinal: ++ordinal,
  symbol: 'ABC',
  side: 'buy',
  size: { kind: 'quantity', quantity: 10 },
  orderType: 'limit',
  limitPx: 100,
  stopPx: null,
  timeInForce: 'day',
  ...terms,
});

/** The life of an order as the engine sees it; throws where a report does not apply. */
function lifeOf(order: SubmitAttempted, reports: readonly NewInput[]): OrderState {
  const quantity = order.size.kind === 'quantity' ? order.size.quantity : null;
  let state = orderStatus.next(orderStatus.initial(order.ordinal, quantity), {
    type: 'SubmitAttempted',
  }) as OrderState;
  for (const report of reports) {
    if ((report.payload as { ordinal: number }).ordinal !== order.ordinal) continue;
    const answer = orderStatus.next(state, report as unknown as OrderFact);
    if (isRefused(answer)) throw new Error(`${report.type}: ${answer.refused}`);
    state = answer;
  }
  return state;
}

/** Runs the contract over brokers made by `factory`: each with 100,000 dollars, no positions, shorts not allowed. */
export function testBroker(name: string, factory: () => Promise<BrokerUnderTest> | BrokerUnderTest): void {
  describe(`the broker contract: ${name}`, () => {
    const typesOf = (reports: readonly NewInput[]) => reports.map(({ type }) => type);

    test('an order away from the market is accepted under a venue id and rests', async () => {
      const broker = await factory();
      await broker.submit(buy());
      await broker.quote(101, 102, 50);
      const reports = await broker.reports();
      expect(typesOf(reports)).toEqual(['OrderAccepted']);
      expect((reports[0].payload as { venueOrderId: string }).venueOrderId).not.toBe('');
    });

    test('an order the market reaches fills within its limit', async () => {
      const broker = await factory();
      const order = buy();
      await broker.submit(order);
      await broker.quote(99, 99.5, 50);
      const life = lifeOf(order, await broker.reports());
      expect(life).toMatchObject({ status: 'filled', filledQty: 10 });
      expect(life.avgPx).toBeLessThanOrEqual(100);
    });

    test('a limit inside the spread waits until the far touch comes to it', async () => {
      const broker = await factory();
      const order = buy();
      await broker.submit(order);
      for (let i = 0; i < 3; i++) await broker.quote(99.9, 100.1, 50);
      expect(lifeOf(order, await broker.reports())).toMatchObject({ status: 'accepted', filledQty: 0 });
    });

    test('a fill takes no more than the size at the touch', async () => {
      const broker = await factory();
      const order = buy();
      await broker.submit(order);
      await broker.quote(99, 99.5, 4);
      expect(lifeOf(order, await broker.reports())).toMatchObject({
        status: 'partiallyFilled',
        filledQty: 4,
      });
    });

    test('selling what is not held is rejected with a reason', async () => {
      const broker = await factory();
      const order = buy({ side: 'sell' });
      await broker.submit(order);
      await broker.quote(101, 102, 50);
      const reports = await broker.reports();
      expect(lifeOf(order, reports)).toMatchObject({ status: 'rejected', filledQty: 0 });
      expect((reports.at(-1)!.payload as { reason: string }).reason).not.toBe('');
    });

    test('partial fills add up to the order, each execution once', async () => {
      const broker = await factory();
      const order = buy();
      await broker.submit(order);
      for (let i = 0; i < 4; i++) await broker.quote(99, 99.5, 3);
      const life = lifeOf(order, await broker.reports());
      expect(life).toMatchObject({ status: 'filled', filledQty: 10 });
      expect(new Set(life.executions.map(({ executionId }) => executionId)).size).toBe(
        life.executions.length,
      );
      expect(life.executions.length).toBeGreaterThan(1);
    });

    test('a canceled order fills no more', async () => {
      const broker = await factory();
      const order = buy();
      await broker.submit(order);
      await broker.quote(99, 99.5, 4);
      await broker.cancel(order.ordinal);
      await broker.quote(99, 99.5, 50);
      expect(lifeOf(order, await broker.reports())).toMatchObject({ status: 'canceled', filledQty: 4 });
    });

    test('the cancel of an order that is over is refused, and the order stays what it was', async () => {
      const broker = await factory();
      const order = buy();
      await broker.submit(order);
      await broker.quote(99, 99.5, 50);
      const life = lifeOf(order, await broker.reports());
      await broker.cancel(order.ordinal);
      expect(isTerminal(life.status)).toBe(true);
      expect(typesOf(await broker.reports())).toEqual(['CancelRejected']);
    });

    test('an order the account cannot carry is rejected with a reason', async () => {
      const broker = await factory();
      const order = buy({ size: { kind: 'quantity', quantity: 1_000_000 } });
      await broker.submit(order);
      await broker.quote(99, 99.5, 2_000_000);
      const reports = await broker.reports();
      expect(lifeOf(order, reports)).toMatchObject({ status: 'rejected', filledQty: 0 });
      expect((reports.at(-1)!.payload as { reason: string }).reason).not.toBe('');
    });

    test('reports of one order never go back, whatever happens to the others', async () => {
      const broker = await factory();
      const orders = [
        buy(),
        buy({ limitPx: 99.7 }),
        buy({ limitPx: 98 }),
        buy({ orderType: 'market', limitPx: null }),
      ];
      for (const order of orders) await broker.submit(order);
      const reports: NewInput[] = [];
      for (const ask of [99.9, 99.6, 99.8, 97.5]) {
        await broker.quote(ask - 0.1, ask, 7);
        await broker.cancel(orders[0].ordinal);
        reports.push(...(await broker.reports()));
      }
      const ofOrder = ({ ordinal }: SubmitAttempted) =>
        reports.filter(
          (each) =>
            each.type !== 'CancelRejected' && (each.payload as { ordinal: number }).ordinal === ordinal,
        );
      for (const order of orders) expect(() => lifeOf(order, ofOrder(order))).not.toThrow();
    });
  });
}
