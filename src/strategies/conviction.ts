/** The built-in strategy: both sides of every symbol scored at each daily close. */
import { concatMap, from } from 'rxjs';
import { z } from 'zod';
import { type Conviction, convictionBars, readConviction } from '../streams/conviction.ts';
import { BarWindow } from '../streams/indicators.ts';
import type { Heard, SymbolIntel } from '../streams/intel-signals.ts';
import { defineStrategy, eachSymbol, type ReadSignal, type Signal } from '../streams/strategy.ts';

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
          const intel = market.intel(symbol);
          const readings = {
            fedBias: intel.fedBias?.value ?? null,
            socialScore: intel.socialScore?.value ?? null,
          };
          for (const direction of ['long', 'short'] as const) {
            const read = readConviction(window, direction, config, readings);
            if (read !== undefined) signals.push({ symbol, ...read, signals: readSignals(intel, read) });
          }
          return from(signals);
        }),
      );
    }),
});

/** Each once, with what it did to the score. */
const readSignals = ({ fedBias, socialScore }: SymbolIntel, { evidence }: Conviction): ReadSignal[] => [
  ...told('intel:fed_bias', fedBias, evidence.fedBias),
  ...told('intel:social_score', socialScore, evidence.socialScore),
];

function told(key: string, heard: Heard<string | number> | null, multiplier: number): ReadSignal[] {
  if (heard === null) return [];
  const { value, sourceSystem, confidence, ageS, seq } = heard;
  return [{ key, value, sourceSystem, confidence, ageS, multiplier, seq }];
}
