/** The put protocol's story: each breakdown it traded on, what the puts cost and brought, and what the fall was with and without them. */
import { fromMicros } from '../src/domain/money.ts';
import { Drawdown } from '../src/projections/drawdown.ts';
import type { Standing } from '../src/projections/run-journal.ts';
import type { RunProjection } from '../src/projections/run-projection.ts';
import { isoDay } from '../src/projections/run-samples.ts';

/** Days are YYYY-MM-DD, money is dollars. */
export interface Breakdown {
  /** Null where the structure broke without a warning. */
  readonly armed: string | null;
  readonly entered: string;
  /** Days on which expiring puts were to be replaced. */
  readonly rolls: readonly string[];
  /** When it began to sell; null where the puts went otherwise, or are still held. */
  readonly unwound: string | null;
  /** When no hedge was left; null where one still is. */
  readonly ended: string | null;
  /** Beta-weighted net delta of everything else, and how much of it was to be hedged, at the entry. */
  readonly exposure: number | null;
  readonly target: number | null;
  /** Paid for puts, and what they earned in all. */
  readonly premium: number;
  readonly pnl: number;
  /** Deepest fall of the account in that span, from the close it was entered at, and without what the puts earned. */
  readonly drawdown: number;
  readonly drawdownUnhedged: number;
}

export interface HedgeTable {
  /** Times it was armed and nothing broke. */
  readonly alarms: number;
  /** Breakdowns in which nothing could be bought. */
  readonly missed: number;
  readonly premium: number;
  readonly pnl: number;
  readonly breakdowns: readonly Breakdown[];
}

/** From quiet to quiet. Microseconds; `ended` is infinite where the run ends first. */
interface Span {
  readonly armed: number | null;
  entered: number | null;
  readonly rolls: number[];
  unwound: number | null;
  ended: number;
}

export function hedgeTable(run: RunProjection): HedgeTable | null {
  const { journal } = run;
  if (run.manifest?.run.hedge !== true) return null;
  const spans = spansOf(journal.hedgeStates);
  const premiums = journal.fills.filter(({ role, side }) => role === 'hedge' && side === 'buy');
  const entered = spans.filter((span) => span.entered !== null);
  const breakdowns = entered.flatMap((span) => breakdownOf(run, span, premiums) ?? []);
  return {
    alarms: spans.length - entered.length,
    missed: entered.length - breakdowns.length,
    premium: premiumOf(premiums),
    pnl: fromMicros(run.account.profits?.rows.at(-1)?.hedges ?? 0),
    breakdowns,
  };
}

type HedgeStates = RunProjection['journal']['hedgeStates'];

const RESTS: ReadonlySet<string> = new Set(['idle', 'cooldown']);

function spansOf(states: HedgeStates): Span[] {
  const spans: Span[] = [];
  let open: Span | null = null;
  for (const { time, payload } of states) {
    const { to } = payload;
    if (RESTS.has(to)) {
      if (open !== null) open.ended = time;
      open = null;
      continue;
    }
    if (open === null) {
      open = {
        armed: to === 'armed' ? time : null,
        entered: null,
        rolls: [],
        unwound: null,
        ended: Infinity,
      };
      spans.push(open);
    }
    if (to === 'rolling') open.rolls.push(time);
    if (to === 'unwinding') open.unwound ??= time;
    if (to !== 'armed') open.entered ??= time;
  }
  return spans;
}

type Fills = RunProjection['journal']['fills'];

const premiumOf = (bought: Fills): number =>
  bought.reduce((sum, { quantity, px, multiplier }) => sum + quantity * px * multiplier, 0);

/** Null where nothing was bought in it. */
function breakdownOf(run: RunProjection, span: Span, premiums: Fills): Breakdown | null {
  const { journal, samples, account } = run;
  const { armed, rolls, unwound, ended } = span;
  const entered = span.entered!;
  const within = ({ time }: { readonly time: number }) => time >= entered && time <= ended;
  const bought = premiums.filter(within);
  if (bought.length === 0) return null;
  const sized = journal.hedgeSizes.find((each) => within(each) && isEntry(each))?.payload;
  const first = Math.max(
    0,
    samples.time.findLastIndex((time) => time <= entered),
  );
  const end = samples.time.findIndex((time) => time >= ended);
  const last = end < 0 ? samples.time.length - 1 : end;
  const hedges = (i: number) => fromMicros(account.profits!.rows[i].hedges);
  const [own, unhedged] = [new Drawdown(), new Drawdown()];
  for (let i = first; i <= last; i++) {
    own.see(samples.equity[i], samples.day[i]);
    unhedged.see(samples.equity[i] - (hedges(i) - hedges(first)), samples.day[i]);
  }
  const day = (time: number) => isoDay(run.dayOf(time));
  return {
    armed: armed === null ? null : day(armed),
    entered: day(entered),
    rolls: rolls.map(day),
    unwound: unwound === null ? null : day(unwound),
    ended: Number.isFinite(ended) ? day(ended) : null,
    exposure: sized?.exposure ?? null,
    target: sized?.target ?? null,
    premium: premiumOf(bought),
    pnl: hedges(last) - hedges(first),
    drawdown: own.depth,
    drawdownUnhedged: unhedged.depth,
  };
}

const isEntry = ({ payload }: Standing<HedgeSizes[number]['payload']>): boolean =>
  payload.purpose === 'enter' && payload.quantity > 0;
type HedgeSizes = RunProjection['journal']['hedgeSizes'];
