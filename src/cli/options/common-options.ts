/** What every command shares: `--json` and `--quiet`, an example under its help, and readers of plain values. */
import type { Command } from 'commander';
import { InputError } from '../../domain/input-error.ts';

/** Adds the options every command has, and its example. */
export function withCommon(command: Command, ...examples: readonly string[]): Command {
  const lines = examples.map((each) => `  $ quantos ${each}`).join('\n');
  return command
    .option('--json', 'print one JSON document on stdout and nothing else there')
    .option('--quiet', 'print nothing but the result')
    .addHelpText('after', `\nExample:\n${lines}`);
}

export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** A reader for a number; `right` completes "write ...". */
export const numberFor =
  (flag: string, right: string, fits: (value: number) => boolean) =>
  (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isFinite(value) && fits(value)) return value;
    throw new InputError(`${flag} is "${text}"; write ${right}`);
  };

export const wholeFor = (flag: string, right: string, least = 0) =>
  numberFor(flag, right, (value) => Number.isSafeInteger(value) && value >= least);

export const choiceFor =
  <T extends string>(flag: string, choices: readonly T[]) =>
  (text: string): T => {
    if ((choices as readonly string[]).includes(text)) return text as T;
    throw new InputError(
      `${flag} is "${text}"; write ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`,
    );
  };

const DAY_US = 86_400_000_000;

/** A day as written in a file name or a calendar: its first moment in UTC, microseconds; or any moment with a zone. */
export const momentFor =
  (flag: string, end: 'first' | 'last') =>
  (text: string): number => {
    const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
    const hasZone = /T.*(Z|[+-]\d\d:?\d\d)$/.test(text);
    const at = isDay || hasZone ? Date.parse(text) * 1_000 : Number.NaN;
    // Date.parse lets 31 February be 3 March.
    const exists = !isDay || (!Number.isNaN(at) && new Date(at / 1_000).toISOString().startsWith(text));
    if (Number.isNaN(at) || !exists) {
      throw new InputError(
        `${flag} is "${text}"; write a day such as 2010-01-31, or a time with its zone such as 2010-01-31T16:00:00Z`,
      );
    }
    return isDay && end === 'last' ? at + DAY_US : at;
  };
