/**
 * The 21-character symbol of the Options Clearing Corporation (Options Symbology Initiative, 2010), `SPY   110319C00130000`:
 * root padded to six, expiry as yymmdd of the years 2000 to 2099, C or P, strike in thousandths of a dollar in eight digits.
 */
import { isDay } from '../exchange-calendar.ts';

export type OptionRight = 'call' | 'put';

/** What a symbol says. It does not say what the contract delivers. */
export interface OccFields {
  readonly root: string;
  /** `YYYY-MM-DD` as the symbol carries it: the Saturday after the last trading day for monthlies before February 2015. */
  readonly expiry: string;
  readonly right: OptionRight;
  /** Dollars. */
  readonly strike: number;
}

export type OccParsed = ({ readonly ok: true } & OccFields) | { readonly ok: false; readonly reason: string };

// Adjusted contracts end in a digit (AAPL1), FLEX contracts begin with one (1SPX); share classes lose their dot (BRKB).
const ROOT = /^[0-9]?[A-Z][A-Z0-9]*$/;
const ROOT_RULE = '1 to 6 capital letters and digits';
const STRIKE_MAX = 99_999.999;

/** Throws RangeError for what the form cannot hold. */
export function printOcc({ root, expiry, right, strike }: OccFields): string {
  if (root.length > 6 || !ROOT.test(root)) throw new RangeError(`root "${root}": it is ${ROOT_RULE}`);
  if (!expiry.startsWith('20') || !isDay(expiry)) {
    throw new RangeError(`expiry "${expiry}": it is a day of 2000 to 2099, YYYY-MM-DD`);
  }
  const thousandths = Math.round(strike * 1000);
  if (!(thousandths > 0 && strike <= STRIKE_MAX && Math.abs(strike * 1000 - thousandths) < 1e-6)) {
    throw new RangeError(`strike ${strike}: it is whole thousandths from 0.001 to ${STRIKE_MAX}`);
  }
  const date = expiry.slice(2).replaceAll('-', '');
  return `${root.padEnd(6)}${date}${right === 'call' ? 'C' : 'P'}${`${thousandths}`.padStart(8, '0')}`;
}

export function parseOcc(text: string): OccParsed {
  const refused = (why: string): OccParsed => ({ ok: false, reason: `option symbol "${text}": ${why}` });
  if (text.length !== 21) {
    return refused(
      `${text.length} characters; it has 21, the root padded with spaces to 6, like "SPY   110319C00130000"`,
    );
  }
  const root = text.slice(0, 6).trimEnd();
  if (!ROOT.test(root)) return refused(`root "${text.slice(0, 6)}"; it is ${ROOT_RULE}, then spaces`);
  const date = text.slice(6, 12);
  const expiry = `20${date.slice(0, 2)}-${date.slice(2, 4)}-${date.slice(4)}`;
  if (!isDay(expiry)) return refused(`expiry "${date}" is no day; it is yymmdd`);
  const right = text[12];
  if (right !== 'C' && right !== 'P') return refused(`"${right}" at place 13; it is C or P`);
  const digits = text.slice(13);
  if (!/^\d{8}$/.test(digits))
    return refused(`strike "${digits}"; it is thousandths of a dollar in 8 digits`);
  const strike = Number(digits) / 1000;
  if (strike === 0) return refused('strike 0; it is above 0');
  return { ok: true, root, expiry, right: right === 'C' ? 'call' : 'put', strike };
}

/** The form of most vendors, the same without the padding: `SPY110319C00130000`. */
export function parseCompactOcc(text: string): OccParsed {
  const rootLength = text.length - 15;
  if (rootLength < 1 || rootLength > 6 || text.includes(' ')) {
    return {
      ok: false,
      reason: `option symbol "${text}": it has 16 to 21 characters and no space, like "SPY110319C00130000"`,
    };
  }
  return parseOcc(text.slice(0, rootLength).padEnd(6) + text.slice(rootLength));
}
