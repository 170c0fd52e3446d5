/** Rings when a market opens and closes, by the exchange's calendar and the venue's clock. */
import type { HostClock } from '../../bus/ports.ts';
import { tradingDayAt, tradingSession } from '../../domain/exchange-calendar.ts';
import type { CalendarName } from '../../domain/instrument.ts';

export interface BellListener {
  opened(calendar: CalendarName): void;
  closed(calendar: CalendarName): void;
}

export class SessionBells {
  readonly #clock: HostClock;
  readonly #listeners: readonly BellListener[];
  readonly #disarm = new Map<CalendarName, () => void>();

  constructor(clock: HostClock, listeners: readonly BellListener[]) {
    this.#clock = clock;
    this.#listeners = listeners;
  }

  start(): void {
    for (const calendar of ['XNYS', '24x7'] as const) this.#await(calendar);
  }

  stop(): void {
    for (const disarm of this.#disarm.values()) disarm();
    this.#disarm.clear();
  }

  #await(calendar: CalendarName): void {
    const now = this.#clock.now();
    const session = tradingSession(calendar, tradingDayAt(calendar, now + 1))!;
    const opens = now < session.open;
    const at = opens ? session.open : session.close;
    const ring = () => {
      for (const listener of this.#listeners) {
        if (opens) listener.opened(calendar);
        else listener.closed(calendar);
      }
      this.#await(calendar);
    };
    this.#disarm.set(calendar, this.#clock.after((at - now) / 1_000, ring));
  }
}
