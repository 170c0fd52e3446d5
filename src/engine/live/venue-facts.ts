/** What the venue is asked before a session goes on: the bars that warm it up, and what companies did while none ran. */
import type { VenueDesk } from '../../bus/ports.ts';
import { civilDay, dayToMicros, newYorkOffsetUs } from '../../domain/exchange-calendar.ts';
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

/** What companies did after the day up to which it is applied, up to that of `now`. */
export async function corporateActions(
  desk: VenueDesk,
  symbols: readonly string[],
  appliedUpTo: string,
  now: number,
): Promise<readonly NewInput[]> {
  const to = corporateDay(now);
  if (to <= appliedUpTo) return [];
  return desk.corporateActions(symbols, { from: civilDay(dayToMicros(appliedUpTo) + DAY_US), to });
}
