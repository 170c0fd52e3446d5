/** What each of Alpaca's order statuses and trade updates means for us. What is not in this table is looked up, never guessed. */

/**
 * `alive`: it is at the venue and may still trade. `execution`: part of it traded. `done`: it traded whole, which its fills say.
 * `replaced`: another order of the venue stands for it now.
 */
export type VenueFact =
  | 'alive'
  | 'execution'
  | 'done'
  | 'canceled'
  | 'expired'
  | 'rejected'
  | 'replaced'
  | 'cancelRejected'
  | 'updateRejected'
  | 'bust'
  | 'correction';

/** Statuses and updates share their names where they share their meaning. */
const facts = {
  accepted: 'alive',
  accepted_for_bidding: 'alive',
  // Filled or done for the day: a status or an execution says which, this only that the day's sums are being made.
  calculated: 'alive',
  canceled: 'canceled',
  // Not traded any more today; a day order's end is reported as such afterwards.
  done_for_day: 'alive',
  expired: 'expired',
  fill: 'execution',
  filled: 'done',
  held: 'alive',
  new: 'alive',
  order_cancel_rejected: 'cancelRejected',
  order_replace_rejected: 'updateRejected',
  partial_fill: 'execution',
  partially_filled: 'alive',
  pending_cancel: 'alive',
  pending_new: 'alive',
  pending_replace: 'alive',
  pending_review: 'alive',
  rejected: 'rejected',
  replaced: 'replaced',
  restated: 'alive',
  // A trade at a price is promised and still to come.
  stopped: 'alive',
  suspended: 'alive',
  trade_bust: 'bust',
  trade_correct: 'correction',
} as const satisfies Record<string, VenueFact>;

export const knownVenueNames: readonly string[] = Object.keys(facts);

/** Undefined for a name nobody told us of. */
export const venueFactOf = (name: string): VenueFact | undefined =>
  Object.hasOwn(facts, name) ? facts[name as keyof typeof facts] : undefined;
