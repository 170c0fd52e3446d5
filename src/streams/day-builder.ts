/** Builds a symbol's session-day bar out of its shorter bars: those that lie inside the calendar's session count. */
import { sessionOfDayOrDefault, tradingDayAt } from '../domain/exchange-calendar.ts';
import type { CalendarName } from '../domain/instrument.ts';
import { DAY_S } from '../events/tick.ts';
import type { Bar } from './bar.ts';

export class DayBuilder {
  readonly #calendar: CalendarName;
  #day: Bar | null = null;
  /** The session the newest bar belongs to, microseconds. */
  #open = 0;
  #close = 0;

  constructor(calendar: CalendarName) {
    this.#calendar = calendar;
  }

  add(bar: Bar): void {
    if (bar.time > this.#close) {
      const session = sessionOfDayOrDefault(this.#calendar, tradingDayAt(this.#calendar, bar.time));
      this.#open = session.open;
      this.#close = session.close;
    }
    if (bar.time <= this.#open) return; // before the opening bell
    const day = this.#day;
    if (day === null) {
      this.#day = { ...bar, resolutionS: DAY_S };
      return;
    }
    this.#day = {
      symbol: bar.symbol,
      time: bar.time,
      open: day.open,
      high: Math.max(bar.high, day.high),
      low: Math.min(bar.low, day.low),
      close: bar.close,
      volume: day.volume + bar.volume,
      resolutionS: DAY_S,
      seq: bar.seq,
    };
  }

  /** The session `day` is over: its bar, or null where nothing traded. */
  close(day: string): Bar | null {
    const built = this.#day;
    this.#day = null;
    return built === null ? null : { ...built, time: sessionOfDayOrDefault(this.#calendar, day).close };
  }

  save(): Bar | null {
    return this.#day;
  }

  restore(day: Bar | null): void {
    this.#day = day;
  }
}
