/** How Alpaca writes times, numbers and ids, and how it refuses: every answer of the simulator is made of these. */
import { civilDay, newYorkOffsetUs } from '../../domain/exchange-calendar.ts';
import { createRandom } from '../../domain/random.ts';

/** RFC 3339 in UTC with microseconds: `2021-03-16T18:38:01.937734Z`. */
export function rfc3339(time: number): string {
  const seconds = Math.floor(time / 1_000_000);
  const micros = `${time - seconds * 1_000_000}`.padStart(6, '0');
  return `${new Date(seconds * 1_000).toISOString().slice(0, 19)}.${micros}Z`;
}

/** RFC 3339 on New York's wall clock, as the venue's clock and calendar speak. */
export function newYorkTime(time: number): string {
  const offset = newYorkOffsetUs(time);
  const hours = `${Math.abs(offset) / 3_600_000_000}`.padStart(2, '0');
  return `${rfc3339(time + offset).slice(0, 19)}-${hours}:00`;
}

/** Hours and minutes on New York's wall clock. */
export const newYorkMinute = (time: number): string => newYorkTime(time).slice(11, 16);

/** A day or a moment with its zone, in microseconds; undefined where nothing is asked. */
export function momentOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Refusal(422, 42210000, `${name} is invalid: ${text}`);
  return at * 1_000;
}

export const dayOf = (time: number): string => civilDay(time + newYorkOffsetUs(time));

/** Numbers travel as text in the trading API. */
export const decimal = (value: number): string => `${Math.round(value * 1e9) / 1e9}`;

/** An answer that is not the one hoped for, in the venue's envelope. */
export class Refusal extends Error {
  readonly status: 401 | 403 | 404 | 422 | 429 | 500;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(status: Refusal['status'], code: number, message: string, more: Record<string, unknown> = {}) {
    super(message);
    this.status = status;
    this.body = { code, message, ...more };
  }
}

/** Ids in the form of UUIDs, the same for the same seed. */
export function idMaker(seed: number): () => string {
  const random = createRandom(seed);
  const hex = () => random.nextUint32().toString(16).padStart(8, '0');
  return () => {
    const text = `${hex()}${hex()}${hex()}${hex()}`;
    return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-a${text.slice(17, 20)}-${text.slice(20)}`;
  };
}

/** An id that is always the same for one name, such as a symbol's asset id. */
export function idFor(name: string): string {
  let seed = 0;
  for (let i = 0; i < name.length; i++) seed = (Math.imul(seed, 31) + name.charCodeAt(i)) >>> 0;
  return idMaker(seed)();
}
