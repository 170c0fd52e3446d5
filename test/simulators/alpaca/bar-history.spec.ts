import { expect, test } from 'vitest';
import { BarHistory } from '../../../src/simulators/alpaca/bar-history.ts';

const CLOSE = Date.UTC(2026, 10, 17, 21) * 1_000; // 16:00 in New York
const MINUTE_US = 60_000_000;

test('the last minute of a session ends with the clock, once, though no price follows it', () => {
  const history = new BarHistory('XNYS');
  history.price(400, 10, CLOSE - 30_000_000);
  history.price(401, 5, CLOSE - 1_000_000);
  expect(history.over(CLOSE - 1)).toBeNull();
  expect(history.over(CLOSE)).toMatchObject({ to: CLOSE, open: 400, close: 401, volume: 15 });
  expect(history.over(CLOSE + MINUTE_US)).toBeNull();
  expect(history.bars(60, 0, CLOSE, CLOSE, true)).toHaveLength(1);
});

test('a price of the next minute ends the one before where the clock has not', () => {
  const history = new BarHistory('XNYS');
  history.price(400, 10, CLOSE - 90_000_000);
  expect(history.price(402, 1, CLOSE - 30_000_000)).toMatchObject({ close: 400, to: CLOSE - MINUTE_US });
  expect(history.over(CLOSE)).toMatchObject({ open: 402 });
});
