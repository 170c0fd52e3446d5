/** Remembers every bar since the session began, and says that it needs none: what no session can be warmed up with. */
import { filter, map, scan } from 'rxjs';
import { z } from 'zod';
import { defineStrategy, eachSymbol, type Signal } from '../../../src/streams/strategy.ts';

const EVERY = 20;

export default defineStrategy({
  name: 'counts-all-bars',
  description: 'changes sides with every twentieth bar',
  params: z.strictObject({}),
  signals: (market) =>
    eachSymbol(market, (bars, symbol) =>
      bars.pipe(
        scan((count) => count + 1, 0),
        filter((count) => count % EVERY === 0),
        map((count): Signal => {
          const isOdd = (count / EVERY) % 2 === 1;
          return {
            symbol,
            direction: isOdd ? 'long' : 'flat',
            conviction: 100,
            evidence: { count },
          };
        }),
      ),
    ),
});
