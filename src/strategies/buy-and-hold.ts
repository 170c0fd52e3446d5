/** Long from the first bar on. */
import { map, take } from 'rxjs';
import { z } from 'zod';
import { defineStrategy, eachSymbol } from '../streams/strategy.ts';

export const buyAndHold = defineStrategy({
  name: 'buy-and-hold',
  description: 'long every symbol from its first bar on: the comparison every other strategy has to stand',
  params: z.strictObject({}),
  signals: (market) =>
    eachSymbol(market, (bars, symbol) =>
      bars.pipe(
        take(1),
        map(() => ({ symbol, direction: 'long' as const, conviction: 100 })),
      ),
    ),
});
