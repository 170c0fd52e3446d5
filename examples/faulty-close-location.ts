/**
 * A strategy with a mistake that years of real data may never show: conviction is where the close lies in its bar's range,
 * and a bar without a range divides zero by zero. docs/writing-a-strategy.md shows how `checkStrategy` finds it.
 */
import { defineStrategy, eachSymbol } from 'quantos';
import { map } from 'rxjs';
import { z } from 'zod';

export default defineStrategy({
  name: 'close-location',
  description: 'long as far as the close lies above the low of its bar',
  params: z.strictObject({}),
  signals: (market) =>
    eachSymbol(market, (bars, symbol) =>
      bars.pipe(
        map(({ high, low, close }) => ({
          symbol,
          direction: 'long' as const,
          conviction: (100 * (close - low)) / (high - low),
        })),
      ),
    ),
});
