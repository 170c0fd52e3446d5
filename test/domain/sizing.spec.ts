import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { configSchema } from '../../src/domain/config.ts';
import { type AccountView, entryRoomMicros, riskSizedUnits, unitsWithin } from '../../src/domain/sizing.ts';

const { risk } = configSchema.parse({});
const micros = (min: number) => fc.integer({ min, max: 1e15 });
const account: fc.Arbitrary<AccountView> = fc.record({
  equityMicros: micros(-1e12),
  cashMicros: micros(-1e12),
  symbolMicros: micros(0),
  grossMicros: micros(0),
});
const px = fc.double({ min: 0.0001, max: 1e6, noNaN: true });
/** What a division's last binary digit may be worth. */
const slack = (n: number) => Math.abs(n) * 1e-12;

test.prop([account, px])('an entry that fills the room keeps every limit of the account', (view, price) => {
  const { equityMicros, cashMicros, symbolMicros, grossMicros } = view;
  const room = entryRoomMicros(view, risk);
  expect(room).toBeGreaterThanOrEqual(0);
  const worth = unitsWithin(room, price) * price * 1e6;
  expect(worth).toBeLessThanOrEqual(room + slack(room));
  if (worth === 0) return;
  expect(symbolMicros + worth).toBeLessThanOrEqual(0.4 * equityMicros + slack(equityMicros));
  expect(grossMicros + worth).toBeLessThanOrEqual(equityMicros + slack(equityMicros));
  expect(worth).toBeLessThanOrEqual(0.9 * cashMicros + slack(cashMicros));
});

const free = { equityMicros: 1e12, cashMicros: 1e12, symbolMicros: 0, grossMicros: 0 };

test.each([
  ['the symbol cap', {}, 0.4e12],
  ['what the symbol already holds', { symbolMicros: 0.3e12, grossMicros: 0.3e12 }, 0.1e12],
  ['the gross cap', { grossMicros: 0.75e12 }, 0.25e12],
  ['the buying power', { cashMicros: 0.1e12 }, 0.09e12],
  ['a symbol over its cap', { symbolMicros: 0.5e12 }, 0],
  ['debt', { cashMicros: -1 }, 0],
  ['an account under water', { equityMicros: -1e12 }, 0],
])('%s alone bounds the room', (_, over, room) => {
  expect(entryRoomMicros({ ...free, ...over }, risk)).toBeCloseTo(room, 0);
});

test.prop([
  micros(0),
  fc.double({ min: 0.0001, max: 1, noNaN: true }),
  fc.double({ min: 0.01, max: 1e4, noNaN: true }),
])(
  'a position sized by risk loses at its stop what it may, and not one unit could be added',
  (equityMicros, share, distance) => {
    const units = riskSizedUnits(equityMicros, share, distance);
    const allowed = share * equityMicros;
    expect(Number.isInteger(units)).toBe(true);
    expect(units * distance * 1e6).toBeLessThanOrEqual(allowed + slack(allowed));
    expect((units + 1) * distance * 1e6).toBeGreaterThan(allowed - slack(allowed));
  },
);

test('a price above the room buys no unit, and one equal to it buys one', () => {
  expect([unitsWithin(99_999_999, 100), unitsWithin(100_000_000, 100), unitsWithin(0, 0.01)]).toEqual([
    0, 1, 0,
  ]);
});
