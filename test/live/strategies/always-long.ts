/** Long at every close, as sure as can be: so that a test has orders when it wants them. */
import { map } from 'rxjs';
import { z } from 'zod';
import { defineStrategy, eachSymbol } from '../../../src/streams/strategy.ts';

export default defineStrategy({
  name: 'always-long',
  description: 'long at every close',
  params: z.strictObject({}),
  signals: (market) =>
    eachSymbol(market, (bars, symbol) =>
      bars.pipe(map(() => ({ symbol, direction: 'long' as const, conviction: 100 }))),
    ),
});
