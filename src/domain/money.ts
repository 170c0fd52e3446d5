/** The ledger's money: integer micro-dollars, exact below 2^53 (9 billion dollars). */

export const MICROS_PER_DOLLAR = 1_000_000;

/** Rounds dollars to integer micro-dollars, half away from zero; throws where the ledger could not hold it exactly. */
export function toMicros(dollars: number): number {
  const micros =
    dollars < 0 ? -Math.round(-dollars * MICROS_PER_DOLLAR) : Math.round(dollars * MICROS_PER_DOLLAR);
  if (!Number.isSafeInteger(micros)) {
    throw new RangeError(
      `${dollars} dollars do not fit the ledger: it holds less than 9,007,199,254 exactly`,
    );
  }
  return micros === 0 ? 0 : micros;
}

export const fromMicros = (micros: number): number => micros / MICROS_PER_DOLLAR;

/** Micro-dollars of `quantity` units at `px` dollars each, times the contract multiplier; price rounds to a micro. */
export function notionalMicros(quantity: number, px: number, multiplier = 1): number {
  const micros = Math.round(quantity * toMicros(px) * multiplier);
  if (!Number.isSafeInteger(micros)) {
    throw new RangeError(`${quantity} x ${px} x ${multiplier} dollars do not fit the ledger`);
  }
  return micros === 0 ? 0 : micros;
}
