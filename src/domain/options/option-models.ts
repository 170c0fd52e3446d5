/** Option maths by exercise style. */
import { americanGreeks, americanPrice } from './american.ts';
import { americanImpliedVol } from './american-implied-vol.ts';
import { europeanGreeks, europeanPrice } from './black-scholes.ts';
import { europeanImpliedVol, type ImpliedVol } from './implied-vol.ts';
import type { ExerciseStyle, Greeks, OptionInputs, OptionMarket } from './option-inputs.ts';

export interface OptionModel {
  /** Dollars per unit of the underlying. */
  price(inputs: OptionInputs): number;
  greeks(inputs: OptionInputs): Greeks;
  /** The volatility at which `price` is the model's, or why there is none. */
  impliedVol(market: OptionMarket, price: number): ImpliedVol;
}

export const optionModels: Readonly<Record<ExerciseStyle, OptionModel>> = {
  european: { price: europeanPrice, greeks: europeanGreeks, impliedVol: europeanImpliedVol },
  american: { price: americanPrice, greeks: americanGreeks, impliedVol: americanImpliedVol },
};
