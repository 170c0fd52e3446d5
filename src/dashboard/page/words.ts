/** How the page words what the engine knows: moments, ages, names of tests and limits, tones of states. */
import { amount, grouped, money, NOTHING, percent } from '../../../replay/format.ts';

export const nothing = NOTHING;

/** Dollars with cents, in every size: figures of a column line up. */
export const cents = (value: number | null): string => {
  if (value === null) return NOTHING;
  const [whole, decimals] = Math.abs(value).toFixed(2).split('.');
  const isZero = Number(whole) === 0 && decimals === '00';
  return `${value < 0 && !isZero ? '−' : ''}$${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${decimals}`;
};

export const signed = (value: number | null): string =>
  value === null ? NOTHING : `${value > 0 ? '+' : ''}${money(value)}`;

export const price = (value: number | null): string => (value === null ? NOTHING : amount(value));

/** `gain`, `loss`, or nothing at zero and where nothing is known. */
export const tone = (value: number | null): string =>
  value === null || value === 0 ? '' : value > 0 ? 'gain' : 'loss';

/** `2008-10-10 20:00:00`, UTC: whole seconds, so that a running clock keeps its width. */
export const moment = (iso: string): string => iso.slice(0, 19).replace('T', ' ');

/** With its thousandths where it has any. */
export const exactMoment = (iso: string): string => iso.replace('T', ' ').replace(/([.]000)?Z$/, '');

export const day = (iso: string): string => iso.slice(0, 10);

export const isoOf = (us: number): string => new Date(us / 1_000).toISOString();

/** How long ago or how much longer, in the largest unit that says enough. */
export function span(ms: number | null): string {
  if (ms === null) return NOTHING;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 100) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 6_000) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** `buyingPower` as `buying power`: names of tests and limits are the code's own. */
export const words = (name: string): string =>
  name.replace(/(?<=.)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** A value of a test: number, word, yes or no. */
export function said(value: unknown): string {
  if (value === null || value === undefined) return NOTHING;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'number') return String(value);
  return Number.isInteger(value) ? grouped(value) : amount(value);
}

export const inUnit = (value: number, unit: 'share' | 'dollars' | 'count'): string =>
  unit === 'share' ? percent(value) : unit === 'dollars' ? money(value) : grouped(value);

/** Well, to be watched, or wrong: what a state's colour says. Text says it, too. */
export type Mood = 'good' | 'mind' | 'bad' | 'calm';

const MOODS: Readonly<Record<string, Mood>> = {
  trading: 'good',
  live: 'good',
  bull: 'good',
  calm: 'good',
  intact: 'good',
  open: 'good',
  reducing: 'mind',
  connecting: 'mind',
  recovering: 'mind',
  reconciling: 'mind',
  stopping: 'mind',
  elevated: 'mind',
  threatened: 'mind',
  crowded: 'mind',
  stale: 'bad',
  failover: 'bad',
  halted: 'bad',
  failed: 'bad',
  stopped: 'bad',
  bear: 'bad',
  stressed: 'bad',
  broken: 'bad',
};

export const mood = (state: string): Mood => MOODS[state] ?? 'calm';

/** `trend bull, volatility calm` rather than JSON. */
export function stateWords(state: unknown): string {
  if (typeof state === 'number') return amount(state);
  if (typeof state !== 'object' || state === null) return state === null ? NOTHING : String(state);
  return Object.entries(state)
    .map(([name, each]) => `${words(name)} ${stateWords(each)}`)
    .join(', ');
}
