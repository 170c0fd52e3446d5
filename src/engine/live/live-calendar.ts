/** When markets open and close for a running engine: each moment once, whatever was missed while none ran. */
import { tradingDayAt, tradingSession } from '../../domain/exchange-calendar.ts';
import type { CalendarName } from '../../domain/instrument.ts';
import type { PayloadOf } from '../../events/define-event.ts';
import type { StoredEvent } from '../../events/envelope.ts';
import { MarketClosed, MarketOpened } from '../../events/market.events.ts';

const MINUTE_US = 60_000_000;
/** Decisions of the evening before act when spreads have settled after the bell. A market without a bell needs no wait. */
const OPENING_PAUSE_US: Readonly<Record<CalendarName, number>> = { XNYS: 5 * MINUTE_US, '24x7': 0 };
/** The vendor's last bar of a session comes a moment after its end. */
const LAST_BAR_US = 5_000_000;

interface Days {
  /** The last trading day whose moment is recorded; empty before any. */
  opened: string;
  closed: string;
  /** The newest day in whose session the engine ran: it owes that close, though it may never have let orders go. */
  attended: string;
}

interface LiveMoment {
  readonly kind: 'open' | 'close';
  readonly calendar: CalendarName;
  readonly day: string;
}

export class LiveCalendar {
  readonly #days = new Map<CalendarName, Days>();

  /** Follows what is recorded, also while a log is replayed. */
  see({ type, payload }: Pick<StoredEvent, 'type' | 'payload'>): void {
    if (type !== MarketOpened.type && type !== MarketClosed.type) return;
    const { calendar, day } = payload as PayloadOf<typeof MarketOpened>;
    this.#of(calendar)[type === MarketOpened.type ? 'opened' : 'closed'] = day;
  }

  /** The earliest moment of a calendar that is due and not recorded. */
  due(calendar: CalendarName, now: number): LiveMoment | null {
    const days = this.#of(calendar);
    const owed = this.#owed(calendar);
    if (owed !== null) {
      const over = tradingSession(calendar, owed)!.close;
      if (now >= over + LAST_BAR_US) return { kind: 'close', calendar, day: owed };
      // Where one day follows the other without a pause, what the first decides acts at the second's opening.
      if (now >= over) return null;
    }
    const day = tradingDayAt(calendar, now);
    const { open, close } = tradingSession(calendar, day)!;
    if (now >= open) days.attended = day;
    const opens = day > days.opened && now >= open + OPENING_PAUSE_US[calendar] && now < close;
    return opens ? { kind: 'open', calendar, day } : null;
  }

  /** When the newest session that is over ended, if its close is not recorded yet; microseconds. */
  owedClose(calendar: CalendarName, now: number): number | null {
    const owed = this.#owed(calendar);
    if (owed === null) return null;
    const { close } = tradingSession(calendar, owed)!;
    const next = tradingSession(calendar, tradingDayAt(calendar, close + 1))!;
    return close <= now && now < next.close ? close : null;
  }

  /** The day whose close is not recorded yet. */
  #owed(calendar: CalendarName): string | null {
    const { opened, attended, closed } = this.#of(calendar);
    const owed = later(opened, attended);
    return owed > closed ? owed : null;
  }

  /** When the next moment after `now` comes, microseconds. */
  nextAfter(calendar: CalendarName, now: number): number {
    const { open, close } = tradingSession(calendar, tradingDayAt(calendar, now - LAST_BAR_US + 1))!;
    const opensAt = open + OPENING_PAUSE_US[calendar];
    return opensAt > now ? opensAt : close + LAST_BAR_US;
  }

  /** The session of now: null where the market is closed. */
  sessionAt(calendar: CalendarName, now: number): { readonly open: number; readonly close: number } | null {
    const session = tradingSession(calendar, tradingDayAt(calendar, now))!;
    return now > session.open ? session : null;
  }

  /** A day newly watched owes nothing of the days before. */
  #of(calendar: CalendarName): Days {
    let days = this.#days.get(calendar);
    if (days === undefined) this.#days.set(calendar, (days = { opened: '', closed: '', attended: '' }));
    return days;
  }
}

const later = (a: string, b: string): string => (a > b ? a : b);
