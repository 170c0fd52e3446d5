import { describe, expect, test } from 'vitest';
import { refusalOf, type VenueRules } from '../../../src/adapters/alpaca/venue-refusals.ts';
import type { SubmitAttempted } from '../../../src/events/order.events.ts';

const DAY = Date.UTC(2026, 2, 20) * 1_000;
/** New York is four hours behind in March's second half. */
const at = (hour: number, minute: number) => DAY + ((hour + 4) * 60 + minute) * 60_000_000;

const rules: VenueRules = {
  now: at(10, 0),
  clientOrderId: 'paper-1',
  account: { blocked: null, optionsLevel: 2 },
  known: [],
};
const shares: SubmitAttempted = {
  ordinal: 1,
  symbol: 'AAPL',
  side: 'buy',
  size: { kind: 'quantity', quantity: 10 },
  orderType: 'limit',
  limitPx: 190.01,
  stopPx: null,
  timeInForce: 'gtc',
};
const option: SubmitAttempted = {
  ...shares,
  symbol: 'AAPL  260320C00190000',
  limitPx: 3.01,
  timeInForce: 'day',
};
const coin: SubmitAttempted = { ...shares, symbol: 'BTC/USD', size: { kind: 'quantity', quantity: 0.1 } };
const qty = (quantity: number) => ({ size: { kind: 'quantity' as const, quantity } });
const stop = { orderType: 'stop' as const, limitPx: null, stopPx: 180 };
const broad = 'SPY   260320C00500000';

describe('before it is sent', () => {
  test.each<[string, SubmitAttempted, Partial<VenueRules>?]>([
    ['shares', shares],
    ['shares by a stop', { ...shares, ...stop }],
    ['a fraction of a share for the day', { ...shares, ...qty(0.5), timeInForce: 'day' }],
    ['a share below a dollar in hundredths of a cent', { ...shares, limitPx: 0.1234 }],
    ['an option', option],
    [
      'an option written at level 1',
      { ...option, side: 'sell' },
      { account: { blocked: null, optionsLevel: 1 } },
    ],
    ['an option of an account not asked about yet', option, { account: null }],
    ['an option on the last day before its cut-off', option, { now: at(15, 14) }],
    ['an option of a broad fund a little later', { ...option, symbol: broad }, { now: at(15, 29) }],
    ['a coin', coin],
    ['an order beside our own on the same side', shares, { known: [own('buy', 'accepted')] }],
    ['an order against our own that is over', shares, { known: [own('sell', 'canceled')] }],
  ])('%s is let through', (_, order, more) => {
    expect(refusalOf(order, { ...rules, ...more })).toBeNull();
  });

  test.each<[string, SubmitAttempted, string, Partial<VenueRules>?]>([
    ['an id of 129 characters', shares, '129 characters', { clientOrderId: 'x'.repeat(129) }],
    [
      'a blocked account',
      shares,
      'the account is blocked',
      { account: { blocked: 'the account is blocked', optionsLevel: 3 } },
    ],
    ['a share of equity', { ...shares, size: { kind: 'fraction', fraction: 0.5 } }, '0.5 of equity'],
    ['a limit order without a price', { ...shares, limitPx: null }, 'a limit price'],
    ['a stop order without a price', { ...shares, orderType: 'stop' }, 'a stop price'],
    ['a fraction good till canceled', { ...shares, ...qty(0.5) }, 'day orders'],
    ['a fraction by a stop', { ...shares, ...stop, ...qty(0.5), timeInForce: 'day' }, 'no stops'],
    ['a tenth of a cent', { ...shares, limitPx: 190.001 }, '190.001'],
    ['a stop off the grid', { ...shares, ...stop, stopPx: 180.005 }, '180.005'],
    ['a stop in the auction', { ...shares, ...stop, timeInForce: 'opg' }, 'opening auction'],
    ['an option good till canceled', { ...option, timeInForce: 'gtc' }, 'day orders'],
    ['an option by a stop', { ...option, ...stop }, 'no stops'],
    ['half a contract', { ...option, ...qty(0.5) }, 'whole contracts'],
    ['an option at a tenth of a cent', { ...option, limitPx: 3.001 }, '3.001'],
    ['an option bought at level 1', option, 'level 2', { account: { blocked: null, optionsLevel: 1 } }],
    ['an option past its cut-off', option, 'last 45 minutes', { now: at(15, 15) }],
    [
      'an option of a broad fund past its cut-off',
      { ...option, symbol: broad },
      'last 30 minutes',
      { now: at(15, 30) },
    ],
    ['a coin for the day', { ...coin, timeInForce: 'day' }, 'gtc or ioc'],
    ['a coin by a stop', { ...coin, ...stop }, 'no plain stops'],
    ['an order against our own', shares, 'our order 7 to sell AAPL', { known: [own('sell', 'accepted')] }],
  ])('%s is refused with a sentence', (_, order, sentence, more) => {
    expect(refusalOf(order, { ...rules, ...more })).toContain(sentence);
  });
});

function own(side: 'buy' | 'sell', status: 'accepted' | 'canceled') {
  return { ordinal: 7, symbol: 'AAPL', side, status, orderedQty: 5, filledQty: 0, avgPx: null };
}
