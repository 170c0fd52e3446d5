/**
 * What connects a core with the simulated exchange: its effects go out at the core's time, reports come back as inputs
 * when they are due, each with the effect it answers as its cause.
 */
import type { ExchangeReport } from '../adapters/simulated-exchange/report-queue.ts';
import type { SimulatedExchange } from '../adapters/simulated-exchange/simulated-exchange.ts';
import type { Kernel } from '../bus/kernel.ts';
import { CancelAttempted, OrderFilled, SubmitAttempted } from '../events/order.events.ts';
import type { AnswerTimes } from './answer-times.ts';

const EXCHANGE_SOURCE = 'sim-exchange';

export class ExchangeLink {
  readonly #exchange: SimulatedExchange;
  readonly #times: AnswerTimes | null;
  /** seqs of the effects that wait for an answer, by order ordinal. */
  readonly #submits = new Map<number, number>();
  readonly #cancels = new Map<number, number>();
  /** Of the newest order that went out; 0 before the first. */
  lastOrdinal = 0;

  /** `times`: a recorded venue's, which this one is to keep; it answers by its own latencies without. */
  constructor(exchange: SimulatedExchange, times: AnswerTimes | null = null) {
    this.#exchange = exchange;
    this.#times = times;
  }

  /** Fires the timers and delivers the reports that come before a record of `time`, in their order; a timer goes first. */
  reach(kernel: Kernel, time: number): void {
    for (;;) {
      const reportAt = this.#exchange.nextAt();
      const timerAt = kernel.clock.nextDeadline;
      if (timerAt <= time && timerAt <= reportAt && kernel.halted === null) {
        kernel.elapse(timerAt);
        this.sendEffects(kernel);
      } else if (reportAt <= time) this.#deliverNext(kernel);
      else return;
    }
  }

  /** Delivers the reports that are due by `upTo`. */
  deliver(kernel: Kernel, upTo: number): void {
    while (this.#exchange.nextAt() <= upTo) this.#deliverNext(kernel);
  }

  /** The market is over: what is still on its way arrives. */
  deliverAll(kernel: Kernel): void {
    while (this.#exchange.nextAt() < Number.POSITIVE_INFINITY && kernel.halted === null) {
      this.#deliverNext(kernel);
    }
  }

  sendEffects(kernel: Kernel): void {
    for (const effect of kernel.takeEffects()) {
      this.#times?.asked(effect);
      if (effect.type === SubmitAttempted.type) {
        const order = effect.payload as SubmitAttempted;
        this.#submits.set(order.ordinal, effect.seq);
        this.lastOrdinal = Math.max(this.lastOrdinal, order.ordinal);
        this.#exchange.submit(order, kernel.now);
      } else if (effect.type === CancelAttempted.type) {
        const { ordinal } = effect.payload as { ordinal: number };
        this.#cancels.set(ordinal, effect.seq);
        this.#exchange.cancel(ordinal, kernel.now);
      }
    }
  }

  /** A seq is a place in one log: the next session's reports cannot point into this one. */
  forget(): void {
    this.#submits.clear();
    this.#cancels.clear();
  }

  /** Says what was held until now, at the moment of `recordedAt`. */
  say(kernel: Kernel, { input, time, ordinal }: ExchangeReport, recordedAt: number): void {
    const canceled = input.type === 'OrderCanceled' || input.type === 'CancelRejected';
    const asked = canceled ? this.#cancels : this.#submits;
    const causation = ordinal === null ? null : (asked.get(ordinal) ?? null);
    kernel.input(input, { source: EXCHANGE_SOURCE, recordedAt, time, causation });
    this.sendEffects(kernel);
  }

  #deliverNext(kernel: Kernel): void {
    const report = this.#exchange.take();
    if (this.#times?.holds(report)) return;
    // An order is accepted before it trades.
    if (report.ordinal !== null && report.input.type === OrderFilled.type)
      for (const held of this.#times?.releaseOf(report.ordinal) ?? []) this.say(kernel, held, report.at);
    this.say(kernel, report, report.at);
  }
}
