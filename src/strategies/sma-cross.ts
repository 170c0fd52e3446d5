/** Long when the fast average crosses above the slow one, short when it crosses below. */
import { filter, map } from 'rxjs';
import { z } from 'zod';
import { rollingSma } from '../streams/indicators.ts';
import { defineStrategy, eachSymbol, type Signal } from '../streams/strategy.ts';

const bars = z.int().min(1).max(2_000);

export const smaCross = defineStrategy({
  name: 'sma-cross',
  description: 'two simple moving averages of the close; a strict crossing gives the side',
  params: z.strictObject({ fast: bars.default(20), slow: bars.default(100) }),
  // One bar more than the average: a crossing is seen against the bar before.
  warmUpBars: ({ fast, slow }) => Math.max(fast, slow) + 1,
  signals: (market, params) =>
    eachSymbol(market, (closes, symbol) => {
      const fast = rollingSma(params.fast);
      const slow = rollingSma(params.slow);
      /** Fast less slow at the bar before; NaN before there was one. */
      let before = Number.NaN;
      return closes.pipe(
        map(({ close }): Signal | null => {
          const fastAverage = fast.push(close);
          const slowAverage = slow.push(close);
          if (fastAverage === undefined || slowAverage === undefined) return null;
          const lead = fastAverage - slowAverage;
          const crossed = before < 0 && lead > 0 ? 'long' : before > 0 && lead < 0 ? 'short' : null;
          before = lead;
          return crossed === null
            ? null
            : {
                symbol,
                direction: crossed,
                conviction: 100,
                evidence: { fast: fastAverage, slow: slowAverage },
              };
        }),
        filter((signal) => signal !== null),
      );
    }),
});
