/** What the venue charges, in integer micro-dollars. */
import type { Commission } from '../../domain/config.ts';
import { toMicros } from '../../domain/money.ts';

/**
 * Fee of an order that has traded `quantity` units in all: per-share fees never come to less than the minimum of an
 * order, and a percentage is of the value traded.
 */
export function orderFeeMicros(commission: Commission, quantity: number, tradedMicros: number): number {
  switch (commission.kind) {
    case 'none':
      return 0;
    case 'percent':
      return Math.round(tradedMicros * commission.rate);
    case 'perShare':
      return toMicros(Math.max(commission.minimum, commission.perShare * quantity));
  }
}

/** Dollars that one more unit at `px` costs, fees below the minimum apart. */
export function unitCost(commission: Commission, px: number, multiplier: number): number {
  switch (commission.kind) {
    case 'none':
      return px * multiplier;
    case 'percent':
      return px * multiplier * (1 + commission.rate);
    case 'perShare':
      return px * multiplier + commission.perShare;
  }
}
