/**
 * A strategy that knows the future: what it remembers of bars outlives the run, so the second time it sees a market it
 * buys before each rise. docs/writing-a-strategy.md shows how `checkStrategy` finds it.
 */
import { defineStrategy, eachSymbol, type Signal } from 'quantos';
import { map } from 'rxjs';
import { z } from 'zod';

/** Closes by symbol and time: shared by every run of this process. */
const closes = new Map<string, number>();
const DAY_US = 86_400_000_000;

export default defineStrategy({
  name: 'memory',
  description: 'long before a day that closes higher, as far as it is remembered',
  params: z.strictObject({}),
  signals: (market) =>
    eachSymbol(market, (bars, symbol) =>
      bars.pipe(
        map(({ time, close }): Signal => {
          closes.set(`${symbol} ${time}`, close);
          const tomorrow = closes.get(`${symbol} ${time + DAY_US}`) ?? close;
          return { symbol, direction: tomorrow > close ? 'long' : 'flat', conviction: 100 };
        }),
      ),
    ),
});
