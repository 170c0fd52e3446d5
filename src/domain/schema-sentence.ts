/** What a schema did not like, as one sentence: where it stands, what it is, what would be right. */
import type { z } from 'zod';
import { nearest } from './nearest.ts';

/** Names listed in a sentence; more would not be read. */
const NAMES_LISTED = 30;

/** `value` is what was checked; `names` are the keys there are, for the one who mistyped one. */
export function schemaSentence(
  { issues: [issue] }: z.ZodError,
  where: string,
  value: unknown,
  names: readonly string[] = [],
): string {
  if (issue.code === 'unrecognized_keys') {
    const key = [...issue.path, issue.keys[0]].join('.');
    const near = nearest(key, names);
    if (near !== null) return `${where}: there is no ${key}; did you mean ${near}?`;
    if (names.length === 0 || names.length > NAMES_LISTED)
      return `${where}: there is no ${key}; leave it out`;
    return `${where}: there is no ${key}; there is ${names.join(', ')}`;
  }
  const path = issue.path.join('.');
  const given = issue.path.reduce<unknown>(
    (at, name) => (at as Record<PropertyKey, unknown> | undefined)?.[name],
    value,
  );
  const right = issue.message.replace(/^(Invalid (input|option)|Too (small|big)): /, '');
  return `${where}: ${path === '' ? 'it' : path} is ${given === undefined ? 'missing' : JSON.stringify(given)}; ${right}`;
}
