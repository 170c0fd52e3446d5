/** Reports on their way to the engine: earliest delivery first, then in the order in which the venue made them. */
import type { NewInput } from '../../events/define-event.ts';
import { OrderFilled } from '../../events/order.events.ts';

export interface ExchangeReport {
  readonly input: NewInput;
  /** When it reaches the engine, microseconds. */
  readonly at: number;
  /** When it happened at the venue. */
  readonly time: number;
  /** Null where it answers no order. */
  readonly ordinal: number | null;
}

export class ReportQueue {
  /** Latest first, so that the next report is at the end. */
  readonly #waiting: ExchangeReport[] = [];

  get nextAt(): number {
    const { length } = this.#waiting; // looked at several times a record, when it is mostly empty
    return length === 0 ? Number.POSITIVE_INFINITY : this.#waiting[length - 1].at;
  }

  add(report: ExchangeReport): void {
    let at = this.#waiting.length;
    while (at > 0 && this.#waiting[at - 1].at <= report.at) at -= 1;
    this.#waiting.splice(at, 0, report);
  }

  /** When the last waiting fill of a symbol arrives; 0 where none waits. */
  lastFillAt(symbol: string): number {
    const last = this.#waiting.find(
      ({ input }) => input.type === OrderFilled.type && (input.payload as OrderFilled).symbol === symbol,
    );
    return last?.at ?? 0;
  }

  /** When the last waiting report of an order arrives; 0 where none waits. */
  lastAt(ordinal: number): number {
    return this.#waiting.find((report) => report.ordinal === ordinal)?.at ?? 0;
  }

  take(): ExchangeReport {
    const report = this.#waiting.pop();
    if (report === undefined) throw new Error('no report waits at the simulated exchange');
    return report;
  }

  /** In the order of delivery. */
  toJSON(): readonly ExchangeReport[] {
    return this.#waiting.toReversed();
  }
}
