/** The parts of a run as people write them: `fixed:10`, `0.001`, `perShare:0.005:1`, `SPY:0.6`. */
import type { Commission, RunSpec } from '../../domain/config.ts';
import { InputError } from '../../domain/input-error.ts';

const amount = (text: string | undefined): number =>
  text === undefined || text.trim() === '' ? Number.NaN : Number(text);

export function sizingOf(text: string): RunSpec['sizing'] {
  const [kind, size, ...more] = text.split(':');
  const value = amount(size);
  if (more.length === 0) {
    if (kind === 'risk' && size === undefined) return { kind };
    if (kind === 'fixed' && value > 0 && value < 1e12) return { kind, quantity: value };
    if (kind === 'percent' && value > 0 && value <= 1_000) return { kind, percent: value };
  }
  throw new InputError(
    `--sizing is "${text}"; write fixed:10 (shares), percent:100 (of equity, up to 1000) or risk`,
  );
}

export function commissionOf(text: string): Commission {
  const [kind, rate, minimum, ...more] = text.split(':');
  if (kind === 'none' && rate === undefined) return { kind };
  const share = amount(kind);
  if (rate === undefined && share >= 0 && share <= 1)
    return share === 0 ? { kind: 'none' } : { kind: 'percent', rate: share };
  const perShare = amount(rate);
  const least = minimum === undefined ? 0 : amount(minimum);
  if (kind === 'perShare' && more.length === 0 && perShare >= 0 && least >= 0 && perShare + least < 1e6) {
    return { kind, perShare, minimum: least };
  }
  throw new InputError(
    `--commission is "${text}"; write a share of the value such as 0.001, perShare:DOLLARS:MINIMUM such as perShare:0.005:1, or none`,
  );
}

export function coreOf(text: string): RunSpec['core'][number] {
  const at = text.lastIndexOf(':');
  const fraction = amount(text.slice(at + 1));
  if (at > 0 && fraction > 0 && fraction <= 1) return { symbol: text.slice(0, at), fraction };
  throw new InputError(`--core is "${text}"; write SYMBOL:FRACTION of the starting cash, such as SPY:0.6`);
}

/** A part of a run set otherwise, for the same run to be simulated beside it. */
export interface Comparison {
  /** As it was written: `hedge=off`. */
  readonly label: string;
  readonly change: Partial<Pick<RunSpec, 'hedge' | 'instruments' | 'exits' | 'risk'>>;
}

const COMPARED: Readonly<Record<string, readonly string[]>> = {
  hedge: ['on', 'off'],
  instruments: ['equity', 'all'],
  exits: ['on', 'off'],
  risk: ['on', 'off'],
};

export function comparisonOf(text: string): Comparison {
  const [part, value, ...more] = text.split('=');
  const words = Object.hasOwn(COMPARED, part) ? COMPARED[part] : undefined;
  if (words === undefined || !words.includes(value) || more.length > 0) {
    const forms = Object.entries(COMPARED).map(([name, each]) => `${name}=${each.join('|')}`);
    throw new InputError(`--compare is "${text}"; write one of ${forms.join(', ')}`);
  }
  return { label: text, change: { [part]: part === 'instruments' ? value : value === 'on' } };
}

/** Throws InputError where the comparison would change nothing. */
export function compared(run: RunSpec, { label, change }: Comparison): RunSpec {
  const other: RunSpec = { ...run, ...change };
  if (JSON.stringify(other) === JSON.stringify(run)) {
    throw new InputError(`--compare ${label}: the run itself has ${label}; compare it with the other`);
  }
  return other;
}
