/** How an intent ends without an order: for a reason in the log, which an orderly market may be the want of. */
import type { Kernel } from '../../bus/kernel.ts';
import { LiquidityFailed } from '../../events/option.events.ts';
import { type IntentDeferred, IntentDropped } from '../../events/order.events.ts';
import { firstFailing, words } from '../decision-tests.ts';
import type { Pricing } from './pricing.ts';

export function dropIntent(
  kernel: Kernel,
  { action, intent, symbol }: IntentDeferred,
  reason: string,
  causation: number,
): void {
  kernel.publish(IntentDropped.of({ action, intent, reason, symbol }), { causation });
}

/** Entries and hedges need an orderly market; what has to go, goes. Null, or why not and where it was said. */
export function liquidityRefusal(
  kernel: Kernel,
  pricing: Pricing,
  { action, intent, symbol }: IntentDeferred,
  causation: number,
): { readonly reason: string; readonly seq: number } | null {
  if (action !== 'enter' && action !== 'hedge') return null;
  const tests = pricing.liquidity(symbol);
  const failed = firstFailing(tests);
  if (failed === undefined) return null;
  const seq = kernel.publish(LiquidityFailed.of({ action, intent, symbol, tests }), { causation });
  return { reason: `not liquid: ${words(failed)}`, seq };
}
