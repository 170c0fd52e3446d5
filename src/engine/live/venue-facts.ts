/** What the venue is asked before a session goes on: the bars that warm it up, and what companies did while none ran. */
import type { CorporateAction, VenueDesk } from '../../bus/ports.ts';
import { civilDay, dayToMicros, newYorkOffsetUs } from '../../domain/exchange-calendar.ts';
import { CorporateActionHeard } from '../../events/account.events.ts';
import type { NewInput } from '../../events/define-event.ts';
import { HistoryLoaded } from '../../events/feed.events.ts';
import { DAY_S } from '../../events/tick.ts';

const DAY_US = DAY_S * 1_000_000;
const HOUR_US = 3_600_000_000;
/** A year of 365 days has some 250 sessions; and a holiday week at the edge. */
const DAYS_PER_BAR = 1.5;
const MARGIN_DAYS = 10;
/** By nine in New York the venue has applied what takes effect that day. */
const APPLIED_HOUR = 9;

/** Session-day bars up to `now`: `bars` of them, or only what came after the last ones known. */
export async function warmUpHistory(
  desk: VenueDesk,
  symbols: readonly string[],
  range: { readonly bars: number; readonly knownUntil: number | null; readonly now: number },
): Promise<NewInput[]> {
  const { bars, knownUntil, now } = range;
  const all = now - Math.ceil(bars * DAYS_PER_BAR + MARGIN_DAYS) * DAY_US;
  const from = knownUntil === null ? all : Math.max(all, knownUntil - MARGIN_DAYS * DAY_US);
  const histories = await desk.history(symbols, { resolutionS: DAY_S, from, to: now });
  return histories.map((history) => HistoryLoaded.of({ ...history, why: 'warmUp' }));
}

/** The newest day whose corporate actions are in effect at a moment. */
export const corporateDay = (now: number): string =>
  civilDay(now + newYorkOffsetUs(now) - APPLIED_HOUR * HOUR_US);

/** How far back is looked for what was published after its day. */
const LATE_DAYS = 5;

export interface CorporateAsk {
  readonly symbols: readonly string[];
  /** Up to this day everything that was published is booked. */
  readonly appliedUpTo: string;
  /** The chain of sessions begins with this day: what took effect by then is in the positions it found. */
  readonly chainDay: string;
  readonly now: number;
}

/** What companies did, up to the day of `now`; and what was published of the days before that. */
export async function corporateActions(
  desk: VenueDesk,
  { appliedUpTo, chainDay, now, symbols }: CorporateAsk,
): Promise<readonly CorporateAction[]> {
  const to = corporateDay(now);
  const late = dayToMicros(appliedUpTo) - (LATE_DAYS - 1) * DAY_US;
  const from = civilDay(Math.max(late, dayToMicros(chainDay) + DAY_US));
  return from > to ? [] : desk.corporateActions(symbols, { from, to });
}

/** As inputs, each once. One whose day is over cannot be booked any more: bars of both sizes are in the histories by now. */
export function inputsOfActions(
  actions: readonly CorporateAction[],
  appliedUpTo: string,
  isKnown: (actionId: string) => boolean,
): readonly NewInput[] {
  return actions.flatMap(({ inputs, ...action }) => {
    if (isKnown(action.actionId)) return [];
    if (action.problem !== null) return [CorporateActionHeard.of(action)];
    if (action.day > appliedUpTo) return [CorporateActionHeard.of(action), ...inputs];
    return [CorporateActionHeard.of({ ...action, problem: `${action.what} was published after its day` })];
  });
}
