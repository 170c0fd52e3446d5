/** How numbers read in tables and reports: what is undefined is a dash, minus is a minus, thousands are grouped. */

export const NOTHING = '–';

export const percent = (value: number | null, digits = 1): string =>
  value === null ? NOTHING : `${fixed(value * 100, digits)}\u00a0%`;

/** A change in per cent, with its sign. */
export const change = (value: number | null, digits = 1): string =>
  value === null ? NOTHING : `${value > 0 ? '+' : ''}${percent(value, digits)}`;

export const plain = (value: number | null, digits = 2): string =>
  value === null ? NOTHING : fixed(value, digits);

export const days = (value: number | null): string =>
  value === null ? NOTHING : value === 1 ? '1 day' : `${grouped(value)} days`;

/** Dollars, cents only where the amount is small. */
export const money = (value: number | null): string =>
  value === null ? NOTHING : fixed(value, Math.abs(value) < 1_000 ? 2 : 0, '$');

/** Whole dollars. */
export const dollars = (value: number | null): string => (value === null ? NOTHING : fixed(value, 0, '$'));

/** A price or a quantity: as many decimals as it needs, at most two, or four below ten. */
export const amount = (value: number): string => {
  const [whole, decimals] = fixed(value, Math.abs(value) < 10 ? 4 : 2).split('.');
  const kept = decimals.replace(/0+$/, '');
  return kept === '' ? whole : `${whole}.${kept.padEnd(2, '0')}`;
};

export const grouped = (value: number): string => fixed(value, 0);

function fixed(value: number, digits: number, unit = ''): string {
  const [whole, decimals] = Math.abs(value).toFixed(digits).split('.');
  const zero = Number(whole) === 0 && Number(decimals ?? 0) === 0;
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ',') + (decimals === undefined ? '' : `.${decimals}`);
  return `${value < 0 && !zero ? '−' : ''}${unit}${text}`;
}
