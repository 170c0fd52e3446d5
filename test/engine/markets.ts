/** Generated and recorded markets for whole-engine tests. The generated ones come from a seeded generator of our own. */
import { readFileSync } from 'node:fs';
import { dayToMicros, nextTradingDay, tradingSession } from '../../src/domain/exchange-calendar.ts';
import { createRandom } from '../../src/domain/random.ts';
import type { DayBar, IntradayBar, QuoteRecord } from '../../src/testing/dataset-of.ts';

/** The S&P 500 by day, 2000 to 2020, as vega-datasets 3.2.1 has it. */
export function sp500Days(from = 0, to = 5_105): DayBar[] {
  const file = new URL('../../node_modules/vega-datasets/data/sp500-2000.csv', import.meta.url);
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  return lines.slice(from, to).map((line) => {
    const [day, open, high, low, close, , volume] = line.split(',');
    const [o, h, l, c] = [open, high, low, close].map(Number);
    // The index's opens and closes are rounded apart from its range.
    return {
      day,
      open: o,
      high: Math.max(o, h, c),
      low: Math.min(o, l, c),
      close: c,
      volume: Number(volume),
    };
  });
}

export function tradingDays(first: string, count: number, calendar: 'XNYS' | '24x7' = 'XNYS'): string[] {
  const days: string[] = [];
  for (let day = nextTradingDay(calendar, first); days.length < count; day = nextTradingDay(calendar, day)) {
    days.push(day);
  }
  return days;
}

const cents = (px: number): number => Math.round(px * 100) / 100;

/** A walk with long rises, long falls and the odd jump: enough for every regime and many stops. */
export function wanderingDays(seed: number, days: readonly string[], start = 100): DayBar[] {
  const random = createRandom(seed);
  let close = start;
  let drift = 0.001;
  return days.map((day, i) => {
    if (i % 60 === 0) drift = (random.nextUnit() - 0.42) * 0.006;
    const open = cents(close * (1 + (random.nextUnit() - 0.5) * 0.01));
    const jump = random.nextUnit() < 0.01 ? -0.06 : 0;
    close = cents(Math.max(5, open * (1 + drift + jump + (random.nextUnit() - 0.5) * 0.03)));
    const high = cents(Math.max(open, close) * (1 + random.nextUnit() * 0.01));
    const low = cents(Math.min(open, close) * (1 - random.nextUnit() * 0.01));
    return { day, open, high, low, close, volume: 1_000_000 + Math.floor(random.nextUnit() * 3_000_000) };
  });
}

/** Bars of `minutes` that fill each day's session, following a daily walk. */
export function intradayBars(
  seed: number,
  days: readonly string[],
  minutes = 30,
  start = 100,
): IntradayBar[] {
  const random = createRandom(seed);
  const bars: IntradayBar[] = [];
  let close = start;
  for (const day of days) {
    const { open: from, close: to } = tradingSession('XNYS', day)!;
    for (let time = from + minutes * 60_000_000; time <= to; time += minutes * 60_000_000) {
      const open = close;
      close = cents(Math.max(5, open * (1 + (random.nextUnit() - 0.495) * 0.012)));
      const high = cents(Math.max(open, close) + random.nextUnit() * 0.1);
      const low = cents(Math.min(open, close) - random.nextUnit() * 0.1);
      bars.push({ time, open, high, low, close, volume: 10_000 + Math.floor(random.nextUnit() * 5_000) });
    }
  }
  return bars;
}

/** Quotes every `seconds` or so of each day, from before the bell to after it. */
export function quotesOf(seed: number, days: readonly string[], seconds = 60, start = 100): QuoteRecord[] {
  const random = createRandom(seed);
  const quotes: QuoteRecord[] = [];
  let mid = start;
  for (const day of days) {
    const { open, close } = tradingSession('XNYS', day)!;
    let time = open - 600_000_000;
    while (time < close + 600_000_000) {
      time += Math.floor((0.5 + random.nextUnit()) * seconds * 1_000_000);
      mid = Math.max(5, mid * (1 + (random.nextUnit() - 0.49) * 0.004));
      const bidPx = cents(mid - 0.01 - random.nextUnit() * 0.02);
      const askPx = cents(bidPx + 0.01 + Math.floor(random.nextUnit() * 3) / 100);
      quotes.push({ time, bidPx, askPx, bidSize: 1 + Math.floor(random.nextUnit() * 900), askSize: 500 });
    }
  }
  return quotes;
}

/** Microseconds of a New York wall time, its offset in hours given by the one who writes the test. */
export const newYork = (day: string, hours: number, minutes: number, offsetHours: -4 | -5): number =>
  dayToMicros(day) + (hours - offsetHours) * 3_600_000_000 + minutes * 60_000_000;
