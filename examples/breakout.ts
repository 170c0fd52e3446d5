/**
 * A channel breakout: long when a bar closes above the highs of the bars before it, out when one closes below their lows.
 * A complete strategy as a user writes it; docs/writing-a-strategy.md goes through it line by line.
 */
import { type Bar, defineStrategy, eachSymbol, type Signal } from 'quantos';
import { filter, map } from 'rxjs';
import { z } from 'zod';

/** The bars before this one: their highest high and lowest low, once there are `bars` of them. */
function channel(bars: number) {
  const window: Bar[] = [];
  return (bar: Bar): { high: number; low: number } | null => {
    const full = window.length === bars;
    const edges = {
      high: Math.max(...window.map((each) => each.high)),
      low: Math.min(...window.map((each) => each.low)),
    };
    window.push(bar);
    if (window.length > bars) window.shift();
    return full ? edges : null;
  };
}

export default defineStrategy({
  name: 'breakout',
  description: 'long above the highest high of the last `bars` bars, flat below their lowest low',
  params: z.strictObject({ bars: z.int().min(1).max(500).default(20) }),
  signals: (market, params) =>
    eachSymbol(market, (bars, symbol) => {
      const edgesBefore = channel(params.bars);
      return bars.pipe(
        map((bar): Signal | null => {
          const edges = edgesBefore(bar);
          if (edges === null) return null;
          const evidence = { close: bar.close, ...edges };
          if (bar.close > edges.high) return { symbol, direction: 'long', conviction: 100, evidence };
          if (bar.close < edges.low) return { symbol, direction: 'flat', conviction: 100, evidence };
          return null;
        }),
        filter((signal) => signal !== null),
      );
    }),
});
