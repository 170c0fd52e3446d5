/**
 * Alerts to a webhook: POSTs of JSON, one after the other. The engine never waits for it: what the receiver does not
 * take in time is tried again for a while, then dropped and counted.
 */
import type { HostClock } from '../../bus/ports.ts';
import type { Redact } from '../../domain/redaction.ts';
import type { StoredEvent } from '../../events/envelope.ts';
import { type Alert, alertOf } from './alert-rules.ts';

export interface WebhookOptions {
  readonly url: string;
  readonly clock: HostClock;
  readonly redact: Redact;
  readonly fetch?: typeof fetch;
  /** Alerts a minute at most; more of them wait in the queue and are dropped at its end. */
  readonly perMinute?: number;
  /** The same alert again is said once within so long, with a count. */
  readonly repeatMs?: number;
  readonly onFailure?: (sentence: string) => void;
}

interface Waiting extends Alert {
  readonly session: string;
  readonly seq: number;
  readonly time: number;
  /** Alerts of this key that were not sent since its last one. */
  readonly repeated: number;
}

const QUEUE_MAX = 100;
const TRIES_MAX = 5;
const RETRY_MIN_MS = 1_000;
const TIMEOUT_MS = 5_000;
const MINUTE_US = 60_000_000;
const DETAIL_MAX = 1_000;
const KEYS_MAX = 1_000;

export class WebhookAlerts {
  readonly #options: WebhookOptions;
  #queue: Waiting[] = [];
  readonly #said = new Map<string, { at: number; repeated: number }>();
  #sentAt: number[] = [];
  #session = '';
  #busy = false;
  #stopped = false;
  #abort: AbortController | null = null;
  #cancelTimer: () => void = () => {};
  #whenIdle: () => void = () => {};
  /** Alerts that never arrived. */
  dropped = 0;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  event(event: StoredEvent): void {
    if (event.type === 'SessionStarted') this.#session = (event.payload as { session: string }).session;
    const alert = alertOf(event);
    if (alert !== null) this.raise(alert, event);
  }

  /** `at`: the place in the log it is about, where it is about one. */
  raise(alert: Alert, at: Pick<StoredEvent, 'seq' | 'time'>): void {
    if (this.#stopped) return;
    const { clock, repeatMs = 300_000 } = this.#options;
    const now = clock.now();
    const said = this.#said.get(alert.key);
    if (said !== undefined && now - said.at < repeatMs * 1_000) {
      said.repeated += 1;
      return;
    }
    this.#said.delete(alert.key);
    this.#said.set(alert.key, { at: now, repeated: 0 });
    if (this.#said.size > KEYS_MAX) this.#said.delete(this.#said.keys().next().value!);
    if (this.#queue.length >= QUEUE_MAX) this.#makeRoom();
    const { seq, time } = at;
    this.#queue.push({ ...alert, session: this.#session, seq, time, repeated: said?.repeated ?? 0 });
    this.#send();
  }

  /** Waits for what is queued, at most so long; nothing is sent after it. */
  async stop(graceMs: number): Promise<void> {
    const { clock } = this.#options;
    if (this.#busy || this.#queue.length > 0) {
      await new Promise<void>((resolve) => {
        const cancel = clock.after(graceMs, resolve);
        this.#whenIdle = () => {
          cancel();
          resolve();
        };
      });
    }
    this.#stopped = true;
    this.#cancelTimer();
    this.#abort?.abort();
    this.dropped += this.#queue.length;
    this.#queue = [];
  }

  /** The oldest of the least grave goes. */
  #makeRoom(): void {
    const grades = ['info', 'warning', 'critical'] as const;
    const least = grades.find((grade) => this.#queue.some(({ severity }) => severity === grade))!;
    this.#queue.splice(
      this.#queue.findIndex(({ severity }) => severity === least),
      1,
    );
    this.dropped += 1;
  }

  #send(): void {
    const { clock, perMinute = 20 } = this.#options;
    if (this.#busy || this.#stopped) return;
    const next = this.#queue.shift();
    if (next === undefined) {
      this.#whenIdle();
      return;
    }
    const now = clock.now();
    this.#sentAt = this.#sentAt.filter((at) => at > now - MINUTE_US);
    this.#busy = true;
    if (this.#sentAt.length < perMinute) this.#post(next, 1);
    else {
      const roomMs = (this.#sentAt[0] + MINUTE_US - now) / 1_000;
      this.#cancelTimer = clock.after(roomMs, () => this.#post(next, 1));
    }
  }

  #post(alert: Waiting, attempt: number): void {
    const { clock, url, fetch: given = fetch } = this.#options;
    this.#sentAt.push(clock.now());
    const abort = new AbortController();
    this.#abort = abort;
    const cancelTimeout = clock.after(TIMEOUT_MS, () =>
      abort.abort(new Error(`no answer in ${TIMEOUT_MS} ms`)),
    );
    given(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: this.#bodyOf(alert),
      signal: abort.signal,
      redirect: 'error',
    })
      .then(async (answer) => {
        await answer.body?.cancel();
        return answer.ok ? null : `it answered ${answer.status}`;
      })
      .catch((error: Error) => (error.cause instanceof Error ? error.cause.message : error.message))
      .then((failure) => {
        cancelTimeout();
        this.#settle(alert, attempt, failure);
      });
  }

  #settle(alert: Waiting, attempt: number, failure: string | null): void {
    if (this.#stopped) return;
    const { clock, onFailure, redact } = this.#options;
    if (failure !== null && attempt < TRIES_MAX) {
      const waitMs = RETRY_MIN_MS * 2 ** (attempt - 1);
      this.#cancelTimer = clock.after(waitMs, () => this.#post(alert, attempt + 1));
      return;
    }
    if (failure !== null) {
      this.dropped += 1;
      onFailure?.(redact(`an alert was dropped after ${attempt} tries (${failure}): ${alert.title}`));
    }
    this.#busy = false;
    this.#send();
  }

  #bodyOf({ severity, title, detail, session, seq, time, repeated }: Waiting): string {
    const { redact } = this.#options;
    const text = detail === '' ? title : `${title}: ${detail}`;
    return redact(
      JSON.stringify({
        // What chat services show.
        text: `[${severity}] ${text.slice(0, DETAIL_MAX)}${repeated > 0 ? ` (and ${repeated} times before)` : ''}`,
        severity,
        title,
        detail: detail.slice(0, DETAIL_MAX),
        session,
        seq,
        time: new Date(time / 1_000).toISOString(),
        repeated,
        dropped: this.dropped,
      }),
    );
  }
}
