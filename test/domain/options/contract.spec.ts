import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { tradingSession } from '../../../src/domain/exchange-calendar.ts';
import {
  comparableSpot,
  contractOf,
  daysToExpiry,
  intrinsic,
  makeContract,
  yearsToExpiry,
} from '../../../src/domain/options/contract.ts';

const DAY_US = 86_400_000_000;
const call = contractOf('SPY   110319C00130000');
const put = contractOf('SPY   110319P00130000');

describe('the terms of a contract', () => {
  test('are American, physical and for 100 shares unless something else is known', () => {
    expect(contractOf('XYZ   240119P00007500')).toEqual({
      symbol: 'XYZ   240119P00007500',
      root: 'XYZ',
      expiry: '2024-01-19',
      right: 'put',
      strike: 7.5,
      underlying: 'XYZ',
      multiplier: 100,
      deliverable: 100,
      style: 'american',
      settlement: 'physical',
      settlesAt: 'close',
      tickClass: 'nickel',
    });
    expect(contractOf('XYZ   240119P00007500', { tickClass: 'penny' }).tickClass).toBe('penny');
  });

  test('are European and cash on an index, weeklies on the same underlying at the close', () => {
    const index = { underlying: 'SPX', style: 'european', settlement: 'cash', multiplier: 100 };
    expect(contractOf('SPX   240119C04800000')).toMatchObject({ ...index, settlesAt: 'open' });
    expect(contractOf('SPXW  240119C04800000')).toMatchObject({ ...index, settlesAt: 'close' });
    expect(contractOf('OEX   240119C02200000')).toMatchObject({ style: 'american', settlement: 'cash' });
  });

  test('quote SPY, QQQ and IWM in pennies everywhere', () => {
    for (const root of ['SPY', 'QQQ', 'IWM']) {
      expect(makeContract({ ...call, root }).tickClass).toBe('pennyAll');
    }
  });

  test('of an adjusted root must be given, since its symbol does not tell what it delivers', () => {
    expect(() => contractOf('AAPL1 240119C00150000')).toThrow('root "AAPL1" is not standard');
    expect(() => contractOf('AAPL1 240119C00150000', { deliverable: 150 })).toThrow('not standard');
    expect(() => contractOf('AAPL1 240119C00150000', { underlying: 'AAPL' })).toThrow('not standard');
    expect(contractOf('AAPL1 240119C00150000', { underlying: 'AAPL', deliverable: 150 })).toMatchObject({
      underlying: 'AAPL',
      deliverable: 150,
      multiplier: 100,
    });
  });

  test('are not made up for a symbol that is none', () => {
    expect(() => contractOf('SPY   110230C00130000')).toThrow('expiry "110230" is no day');
  });
});

describe('the intrinsic value', () => {
  const spot = fc.integer({ min: 1, max: 10_000_000 }).map((n) => n / 1000);

  test('is what exercise saves against the market, never less than nothing', () => {
    expect([intrinsic(call, 132.5), intrinsic(call, 127.5)]).toEqual([2.5, 0]);
    expect([intrinsic(put, 132.5), intrinsic(put, 127.5)]).toEqual([0, 2.5]);
  });

  test.prop([spot])('of call less put is spot less strike', (px) => {
    expect(intrinsic(call, px) - intrinsic(put, px)).toBe(px - 130);
  });

  test('of an adjusted contract counts what it delivers', () => {
    const adjusted = contractOf('XYZ1  240119C00050000', { underlying: 'XYZ', deliverable: 150 });
    expect(comparableSpot(adjusted, 40)).toBe(60);
    expect(intrinsic(adjusted, 40)).toBe(10);
  });
});

describe('the life of a contract', () => {
  const settled = tradingSession('XNYS', '2011-03-18')!.close;

  test.prop([fc.integer({ min: 1, max: 1000 * DAY_US })])(
    'is counted in years of 365 days to the settlement and never below nothing',
    (before) => {
      expect(yearsToExpiry(call, settled - before)).toBe(before / (365 * DAY_US));
      expect(yearsToExpiry(call, settled + before)).toBe(0);
    },
  );

  test('in days ends with the last session, not with the Saturday of its symbol', () => {
    expect(['2011-03-17', '2011-03-18', '2011-03-19'].map((day) => daysToExpiry(call, day))).toEqual([
      1, 0, -1,
    ]);
    expect(daysToExpiry(contractOf('SPX   170317C00300000'), '2017-01-03')).toBe(73);
  });
});
