/** Buys weakness in the relative strength index and leaves when it has recovered. */
import { filter, map } from 'rxjs';
import { z } from 'zod';
import { rollingRsi } from '../streams/indicators.ts';
import { defineStrategy, eachSymbol, type Signal } from '../streams/strategy.ts';

export const rsiReversion = defineStrategy({
  name: 'rsi-reversion',
  description: 'long when the RSI falls below `entry`, flat when it rises above `exit`',
  params: z.strictObject({
    bars: z.int().min(2).max(500).default(14),
    entry: z.number().min(0).max(100).default(30),
    exit: z.number().min(0).max(100).default(55),
  }),
  warmUpBars: (params) => params.bars + 1,
  signals: (market, params) =>
    eachSymbol(market, (closes, symbol) => {
      const rsi = rollingRsi(params.bars);
      return closes.pipe(
        map(({ close }): Signal | null => {
          const strength = rsi.push(close);
          if (strength === undefined) return null;
          const evidence = { rsi: strength };
          if (strength < params.entry) return { symbol, direction: 'long', conviction: 100, evidence };
          return strength > params.exit ? { symbol, direction: 'flat', conviction: 100, evidence } : null;
        }),
        filter((signal) => signal !== null),
      );
    }),
});
