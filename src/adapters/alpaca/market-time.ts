/** The vendor's moments, to the nanosecond: msgpack's timestamps in streams, RFC 3339 in REST. */
const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Integer microseconds since 1970, or NaN for what is no time after it. */
export function microsOf(value: unknown): number {
  let micros = Number.NaN;
  if (typeof value === 'string') micros = microsOfText(value);
  else if (typeof value === 'object' && value !== null) {
    // What the vendor's streams decode a timestamp to.
    const { epochSeconds, nanos } = value as Readonly<Record<string, unknown>>;
    if (typeof epochSeconds === 'number' && typeof nanos === 'number')
      micros = epochSeconds * 1_000_000 + Math.floor(nanos / 1_000);
  }
  return Number.isSafeInteger(micros) && micros > 0 ? micros : Number.NaN;
}

function microsOfText(text: string): number {
  const parts = RFC3339.exec(text);
  if (parts === null) return Number.NaN;
  const [, seconds, fraction = '', zone] = parts;
  return Date.parse(`${seconds}${zone}`) * 1_000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}
