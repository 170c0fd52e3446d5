/** Which moments the agenda owes each calendar: `MarketOpened` once a day's prints are in, `MarketClosed` after its bars. */
import {
  civilDay,
  newYorkOffsetUs,
  sessionOfDayOrDefault,
  tradingDayAt,
} from '../domain/exchange-calendar.ts';
import type { CalendarName } from '../domain/instrument.ts';
import type { SymbolDefined } from '../events/market.events.ts';
import { DAY_S, type Tick, TickKind } from '../events/tick.ts';

export interface Moment {
  readonly calendar: CalendarName;
  readonly day: string;
  readonly kind: 'open' | 'close';
  readonly at: number;
}

/** With intraday data, decisions of the evening before act five minutes after the bell, when spreads have settled. */
const OPENING_PAUSE_US = 300_000_000;

interface Current {
  readonly day: string;
  readonly openAt: number;
  readonly closeAt: number;
  opened: boolean;
  closed: boolean;
}

export class TradingDays {
  readonly #current = new Map<CalendarName, Current>();
  readonly #pauseUs = new Map<CalendarName, number>();
  /** The earliest moment still owed, or infinity: one comparison decides that none is due. */
  nextAt = Number.POSITIVE_INFINITY;

  constructor(symbols: readonly SymbolDefined[]) {
    for (const { calendar, resolutionS, assetClass } of symbols) {
      if (assetClass === 'option') continue; // their chain does not make the underlying's day an intraday one
      const pause = resolutionS === DAY_S ? 0 : OPENING_PAUSE_US;
      this.#pauseUs.set(calendar, Math.max(this.#pauseUs.get(calendar) ?? 0, pause));
    }
  }

  /** A record of this symbol is next; starts its day where it is a new one. Earlier moments must have been taken. */
  see(symbol: SymbolDefined, { time, kind }: Pick<Tick, 'time' | 'kind'>): void {
    const { calendar } = symbol;
    const current = this.#current.get(calendar);
    if (current !== undefined && time <= current.closeAt) return;
    const day = dayOf(symbol, time, kind === TickKind.bar);
    if (current !== undefined && day <= current.day) return;
    const { open, close } = sessionOfDayOrDefault(calendar, day);
    const openAt = open + this.#pauseUs.get(calendar)!;
    this.#current.set(calendar, { day, openAt, closeAt: close, opened: false, closed: false });
    this.#refresh();
  }

  /** Takes the earliest moment before `time`. A moment waits for every record of its own instant. */
  takeBefore(time: number): Moment | null {
    if (this.nextAt >= time) return null;
    for (const [calendar, current] of this.#current) {
      const { day, openAt, closeAt } = current;
      if (!current.opened && openAt === this.nextAt) {
        current.opened = true;
        this.#refresh();
        return { calendar, day, kind: 'open', at: openAt };
      }
      if (current.opened && !current.closed && closeAt === this.nextAt) {
        current.closed = true;
        this.#refresh();
        return { calendar, day, kind: 'close', at: closeAt };
      }
    }
    return null;
  }

  #refresh(): void {
    let next = Number.POSITIVE_INFINITY;
    for (const { opened, closed, openAt, closeAt } of this.#current.values()) {
      if (!opened) next = Math.min(next, openAt);
      else if (!closed) next = Math.min(next, closeAt);
    }
    this.nextAt = next;
  }
}

/**
 * A session-day record names its day itself, also where the calendar calls it closed; others belong to the next close.
 * A bar of a UTC day ends at the midnight at which the next day's print stands.
 */
function dayOf({ calendar, resolutionS }: SymbolDefined, time: number, isBar: boolean): string {
  if (resolutionS !== DAY_S) return tradingDayAt(calendar, time);
  return civilDay(calendar === 'XNYS' ? time + newYorkOffsetUs(time) : isBar ? time - 1 : time);
}
