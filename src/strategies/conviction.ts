/** The built-in strategy: both sides of every symbol scored at each daily close. */
import { concatMap, from } from 'rxjs';
import { z } from 'zod';
import { convictionBars, type IntelReadings, readConviction } from '../streams/conviction.ts';
import { BarWindow } from '../streams/indicators.ts';
import { defineStrategy, eachSymbol, type Signal } from '../streams/strategy.ts';

/** No outside signal has a source in this release: each is left out, and the event says so. */
const NO_INTEL: IntelReadings = { fedBias: null, socialScore: null };

export const conviction = defineStrategy({
  name: 'conviction',
  description: 'trend, momentum, breakout and volume in one score per side; numbers from the configuration',
  params: z.strictObject({}),
  scoresBothSides: true,
  signals: (market) =>
    eachSymbol(market, (bars, symbol) => {
      const config = market.configOf(symbol).conviction;
      const window = new BarWindow(convictionBars(config) + 1);
      return bars.pipe(
        concatMap((bar) => {
          window.push(bar);
          const signals: Signal[] = [];
          for (const direction of ['long', 'short'] as const) {
            const read = readConviction(window, direction, config, NO_INTEL);
            if (read !== undefined) signals.push({ symbol, ...read });
          }
          return from(signals);
        }),
      );
    }),
});
