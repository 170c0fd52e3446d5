/** Moments as Alpaca writes them, RFC 3339 with up to nine decimals, as integer microseconds; what is finer is cut off. */

const RFC_3339 = /^(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d:\d\d)$/;

/** Null for what is no moment. */
export function venueTime(text: string): number | null {
  const parts = RFC_3339.exec(text);
  if (parts === null) return null;
  const [, second, decimals = '', zone] = parts;
  const ms = Date.parse(`${second}${zone}`);
  return Number.isNaN(ms) ? null : ms * 1_000 + Number(decimals.slice(0, 6).padEnd(6, '0'));
}

/** For the package, which takes dates; good to a millisecond. */
export const dateOf = (time: number): Date => new Date(Math.floor(time / 1_000));
