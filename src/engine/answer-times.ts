/**
 * How long the recorded venue took to answer. A simulated one that is asked the same at the same moment answers at the
 * same place in the log, so that a rerun parts from the record where the venue traded otherwise, and not where it was slower.
 */
import type { ExchangeReport } from '../adapters/simulated-exchange/report-queue.ts';
import type { LogCursor } from '../bus/ports.ts';
import { definitionOf } from '../events/catalogue.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { CancelAttempted, OrderCanceled, OrderFilled, SubmitAttempted } from '../events/order.events.ts';

export class AnswerTimes {
  /** Requests of the record, until the rerun makes them, too. */
  readonly #requests = new Set<string>();
  /** What was asked in both runs alike. */
  readonly #alike = new Set<string>();
  /** Answers of the record that are still ahead. */
  readonly #ahead = new Map<string, number>();
  readonly #held = new Map<string, ExchangeReport>();

  constructor(record: LogCursor) {
    for (let kind = record.next(); kind !== 0; kind = record.next()) {
      if (kind === 1) continue;
      const { event } = record;
      if (isRequest(event)) this.#requests.add(requestOf(event));
      else if (isAnswer(event)) this.#count(answerOf(event, ordinalOf(event)), 1);
    }
    record.close();
  }

  /** The rerun sends something to its venue. */
  asked(effect: StoredEvent): void {
    if (isRequest(effect) && this.#requests.delete(requestOf(effect)))
      this.#alike.add(`${effect.type} ${ordinalOf(effect)}`);
  }

  /** Takes a report that the recorded venue gave later; false where it is to be heard at once. */
  holds(report: ExchangeReport): boolean {
    const { ordinal, input } = report;
    if (ordinal === null || input.type === OrderFilled.type) return false;
    const request = input.type === OrderCanceled.type ? CancelAttempted.type : SubmitAttempted.type;
    const key = answerOf(input, ordinal);
    if (!this.#alike.has(`${request} ${ordinal}`) || (this.#ahead.get(key) ?? 0) === 0) return false;
    this.#held.set(key, report);
    return true;
  }

  /** The record reaches an answer of its venue: what is held for this place, or null. */
  reached(event: StoredEvent): ExchangeReport | null {
    if (!isAnswer(event)) return null;
    const key = answerOf(event, ordinalOf(event));
    this.#count(key, -1);
    return this.#release(key);
  }

  /** What is held of an order, since more is heard of it now. */
  releaseOf(ordinal: number): ExchangeReport[] {
    const keys = [...this.#held.keys()].filter((key) => key.startsWith(`${ordinal} `));
    return keys.map((key) => this.#release(key)!);
  }

  #release(key: string): ExchangeReport | null {
    const report = this.#held.get(key) ?? null;
    this.#held.delete(key);
    return report;
  }

  #count(key: string, change: number): void {
    this.#ahead.set(key, (this.#ahead.get(key) ?? 0) + change);
  }
}

const ordinalOf = ({ payload }: StoredEvent): number | null =>
  (payload as { readonly ordinal?: number | null }).ordinal ?? null;

const isRequest = ({ type }: StoredEvent): boolean =>
  type === SubmitAttempted.type || type === CancelAttempted.type;

const isAnswer = (event: StoredEvent): boolean =>
  event.kind === 'input' && definitionOf(event.type).report && ordinalOf(event) !== null;

const requestOf = ({ type, recordedAt, json }: StoredEvent): string => `${type} ${recordedAt} ${json}`;

const answerOf = ({ type }: { readonly type: string }, ordinal: number | null): string =>
  `${ordinal} ${type}`;
