/** Moves a live core's clock four times a second, and tells it when markets open and close. */
import type { HostClock } from '../../bus/ports.ts';
import type { CalendarName } from '../../domain/instrument.ts';
import { ClockTicked } from '../../events/engine.events.ts';
import { MarketClosed, MarketOpened } from '../../events/market.events.ts';
import type { LiveLane } from './input-lane.ts';
import type { LiveCalendar } from './live-calendar.ts';

const BEAT_MS = 250;
/** A feed that does not catch up in this time must not keep the day open. */
const BARS_WAIT_US = 60_000_000;
const CLOCK_SOURCE = 'clock';
const CALENDAR_SOURCE = 'calendar';

interface BeatParts {
  readonly clock: HostClock;
  readonly lane: LiveLane;
  readonly calendar: LiveCalendar;
  /** Of the symbols in use; the first one's close ends the engine's day. */
  readonly calendars: readonly CalendarName[];
  /** Deferred orders leave at an opening: it waits until they may. */
  readonly mayOpen: () => boolean;
  /** A close decides on all the bars of its day: it waits a while for those that are still to come. */
  readonly mayClose: (calendar: CalendarName) => boolean;
  readonly onBeat: () => void;
  readonly onDayClosed: () => void;
}

export class HeartBeat {
  readonly #parts: BeatParts;
  #cancel = () => {};
  /** Since when a calendar's close waits for bars. */
  readonly #waitsSince = new Map<CalendarName, number>();

  constructor(parts: BeatParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#arm();
  }

  stop(): void {
    this.#cancel();
  }

  /** On time for the next bell, too. */
  #arm(): void {
    const { clock, calendar, calendars } = this.#parts;
    const now = clock.now();
    const bells = calendars.map((each) => (calendar.nextAfter(each, now) - now) / 1_000);
    this.#cancel = clock.after(Math.min(BEAT_MS, ...bells), () => {
      this.#beat();
      this.#arm();
    });
  }

  #beat(): void {
    const { clock, lane, calendars, onBeat } = this.#parts;
    lane.say(ClockTicked.of({}), CLOCK_SOURCE);
    const now = clock.now();
    for (const calendar of calendars) this.#ring(calendar, now);
    onBeat();
  }

  #ring(name: CalendarName, now: number): void {
    const { lane, calendar, calendars, mayOpen, onDayClosed } = this.#parts;
    const due = calendar.due(name, now);
    if (due === null || !(due.kind === 'open' ? mayOpen() : this.#mayClose(name, now))) return;
    const { kind, day } = due;
    const moment = (kind === 'open' ? MarketOpened : MarketClosed).of({ calendar: name, day });
    calendar.see(moment); // it waits in the lane: once is enough
    lane.say(moment, CALENDAR_SOURCE);
    if (kind === 'close' && name === calendars[0]) onDayClosed();
  }

  #mayClose(name: CalendarName, now: number): boolean {
    const since = this.#waitsSince.get(name) ?? now;
    const waits = !this.#parts.mayClose(name) && now - since < BARS_WAIT_US;
    if (waits) this.#waitsSince.set(name, since);
    else this.#waitsSince.delete(name);
    return !waits;
  }
}
