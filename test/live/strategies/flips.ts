/** In and out with every bar, each symbol out of step with the next: a test that needs many orders gets them. */
import { map } from 'rxjs';
import { z } from 'zod';
import { defineStrategy, eachSymbol } from '../../../src/streams/strategy.ts';

const MINUTE_US = 60_000_000;

export default defineStrategy({
  name: 'flips',
  description: 'in and out with every bar',
  params: z.strictObject({}),
  signals: (market) =>
    eachSymbol(market, (bars, symbol) =>
      bars.pipe(
        map(({ time }) => {
          const isIn = (time / MINUTE_US + market.symbols.indexOf(symbol)) % 2 === 0;
          return { symbol, direction: isIn ? ('long' as const) : ('flat' as const), conviction: 100 };
        }),
      ),
    ),
});
