import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { OrderReports } from '../../../src/adapters/alpaca/order-reports.ts';
import { knownVenueNames, venueFactOf } from '../../../src/adapters/alpaca/order-status-map.ts';
import { inputOfActivity } from '../../../src/adapters/alpaca/venue-activities.ts';
import {
  accountSchema,
  activitySchema,
  assetSchema,
  clockSchema,
  contractSchema,
  orderSchema,
  positionSchema,
} from '../../../src/adapters/alpaca/venue-messages.ts';

const shared = new URL('../../../../shared/data/alpaca/', import.meta.url);
const messages = new URL('messages.jsonl', shared);
const tradingApi = new URL('trading-api.json', shared);

const forms: readonly [string, string, z.ZodType][] = [
  ['order', 'client_order_id', orderSchema],
  ['position', 'avg_entry_price', positionSchema],
  ['account', 'buying_power', accountSchema],
  ['activity', 'activity_type', activitySchema],
  ['clock', 'is_open', clockSchema],
  ['contract', 'underlying_symbol', contractSchema],
  ['asset', 'marginable', assetSchema],
];

/** Every object in a body, however deep, by the form its fields give away. */
function* objectsOf(body: unknown): Generator<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null) return;
  if (!Array.isArray(body)) yield body as Record<string, unknown>;
  for (const each of Object.values(body)) yield* objectsOf(each);
}

test.skipIf(!existsSync(messages))(
  'every recorded trading message of shared/data/alpaca maps or is refused with a reason',
  () => {
    const counts: Record<string, { read: number; refused: string[] }> = {};
    for (const line of readFileSync(messages, 'utf8').split('\n').filter(Boolean)) {
      const { body } = JSON.parse(line) as { body: unknown };
      for (const object of objectsOf(body)) {
        const form = forms.find(([, field]) => field in object);
        if (form === undefined) continue;
        const [name, , schema] = form;
        const count = (counts[name] ??= { read: 0, refused: [] });
        const read = schema.safeParse(object);
        if (read.success) count.read += 1;
        else count.refused.push(`${read.error.issues[0]!.path.join('.')}: ${read.error.issues[0]!.message}`);
      }
    }
    expect(counts).toMatchInlineSnapshot(`
      {
        "account": {
          "read": 2,
          "refused": [],
        },
        "asset": {
          "read": 3,
          "refused": [
            "symbol: Invalid input: expected string, received undefined",
          ],
        },
        "clock": {
          "read": 1,
          "refused": [],
        },
        "contract": {
          "read": 3,
          "refused": [],
        },
        "order": {
          "read": 7,
          "refused": [],
        },
        "position": {
          "read": 1,
          "refused": [
            "symbol: Invalid input: expected string, received undefined",
          ],
        },
      }
    `);
  },
);

test.skipIf(!existsSync(tradingApi))(
  'every order status of the venue’s own document (shared/data/alpaca/trading-api.json) is in the table',
  () => {
    const api = JSON.parse(readFileSync(tradingApi, 'utf8'));
    const statuses: string[] = api.components.schemas.OrderStatus.enum;
    expect(statuses.length).toBeGreaterThan(15);
    expect(statuses.filter((status) => venueFactOf(status) === undefined)).toEqual([]);
    const activity = api.components.schemas.NonTradeActivities['x-examples']['example-1'];
    expect(inputOfActivity(activitySchema.parse(activity))?.payload).toMatchObject({
      kind: 'dividend',
      micros: 1_020_000,
      symbol: 'T',
    });
  },
);

describe('a status', () => {
  const order = (status: string) =>
    orderSchema.parse({
      id: 'v1',
      client_order_id: 'c-1',
      symbol: 'AAPL',
      side: 'buy',
      qty: '10',
      filled_qty: '0',
      status,
      updated_at: '2026-03-03T15:00:00Z',
    });
  const reportsOf = () =>
    new OrderReports('c', () => [
      {
        ordinal: 1,
        symbol: 'AAPL',
        side: 'buy',
        status: 'submitted',
        orderedQty: 10,
        filledQty: 0,
        avgPx: null,
      },
    ]);

  // What RELIABILITY.md lists: the venue's statuses, and the events of its stream beside them.
  const listed =
    'new partially_filled filled done_for_day canceled expired replaced pending_cancel pending_replace accepted pending_new ' +
    'accepted_for_bidding stopped rejected suspended calculated held pending_review restated order_cancel_rejected ' +
    'order_replace_rejected trade_bust trade_correct fill partial_fill';

  test.each(listed.split(' '))('%s has its place in the table', (name) => {
    expect(knownVenueNames).toContain(name);
  });

  test('nobody knows is recorded, whether from an answer or from the stream, and never thrown', () => {
    for (const name of ['quantum', 'constructor', '__proto__', 'toString', '']) {
      expect(reportsOf().order(order(name), true)).toMatchObject([
        { type: 'StatusUnmapped', payload: { ordinal: 1, status: name } },
      ]);
    }
  });

  test('of an order is told once, and again to who asks', () => {
    const reports = reportsOf();
    expect(reports.order(order('new'), false)).toMatchObject([{ type: 'OrderAccepted' }]);
    expect(reports.order(order('new'), false)).toEqual([]);
    expect(reports.order(order('new'), true)).toMatchObject([{ type: 'OrderAccepted' }]);
  });
});
