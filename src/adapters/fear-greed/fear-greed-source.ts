/**
 * Fear and greed from a web address of the user's choice, asked every ten minutes. Fail-silent: while it does not answer,
 * what it said last expires, and it is asked again more and more seldom.
 */
import type { HostClock, InputLane, LiveEdge } from '../../bus/ports.ts';
import { parseIntel } from '../../domain/intel.ts';
import { fearGreedOf } from '../../domain/intel-gauges.ts';
import { createRandom, type Random } from '../../domain/random.ts';
import { FearGreedReported, IntelRejected } from '../../events/intel.events.ts';

export interface FearGreedOptions {
  readonly lane: InputLane;
  readonly clock: HostClock;
  readonly url: string;
  /** Where in the answer the number stands: a JSON pointer (RFC 6901) such as `/data/0/value`; empty for the whole of it. */
  readonly pointer: string;
  /** Told in a sentence when it fails; a line a minute at most. */
  readonly say: (sentence: string) => void;
  readonly everyMs?: number;
  readonly seed?: number;
}

const EVERY_MS = 600_000;
const TIMEOUT_MS = 10_000;
const BACK_OFF_MIN_MS = 15_000;
const JITTER = 0.1;
const BYTES_MAX = 65_536;
const SAY_EVERY_US = 60_000_000;
const KEY = 'fear-greed';

export class FearGreedSource implements LiveEdge {
  readonly performs = [];
  readonly #options: FearGreedOptions;
  readonly #everyMs: number;
  readonly #host: string;
  readonly #random: Random;
  #abort: AbortController | null = null;
  #failures = 0;
  #stopped = false;
  #rejected: string | null = null;
  #saidAt = Number.NEGATIVE_INFINITY;
  #cancelTimer: () => void = () => {};

  constructor(options: FearGreedOptions) {
    this.#options = options;
    this.#everyMs = options.everyMs ?? EVERY_MS;
    // Not the whole address: a key may stand in it.
    this.#host = new URL(options.url).host;
    this.#random = createRandom(options.seed ?? 1);
  }

  start(): void {
    void this.#ask();
  }

  perform(): void {}

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    this.#abort?.abort();
  }

  async #ask(): Promise<void> {
    const { clock, url } = this.#options;
    const abort = new AbortController();
    this.#abort = abort;
    const cancelTimeout = clock.after(TIMEOUT_MS, () => abort.abort());
    let fault: string | null = null;
    try {
      const answer = await fetch(url, { signal: abort.signal, headers: { accept: 'application/json' } });
      if (!answer.ok) {
        await answer.body?.cancel();
        fault = `it answered ${answer.status}`;
      } else {
        const text = await textOf(answer);
        if (this.#stopped) return;
        fault = text === null ? `its answer is longer than ${BYTES_MAX} bytes` : this.#read(text);
        if (fault !== null) this.#reject(fault, text ?? '');
      }
    } catch (error) {
      fault = abort.signal.aborted ? 'it does not answer' : messageOf(error);
    } finally {
      cancelTimeout();
    }
    if (this.#stopped) return;
    if (fault !== null) this.#say(fault);
    this.#failures = fault === null ? 0 : this.#failures + 1;
    this.#cancelTimer = clock.after(this.#pauseMs(), () => void this.#ask());
  }

  /** Null, or what is wrong with the answer. */
  #read(text: string): string | null {
    const parsed = parseIntel(text);
    if ('refused' in parsed) return parsed.refused;
    const value = fearGreedOf(at(parsed.value, this.#options.pointer));
    if (value === null) return `there is no number from 0 to 100 at "${this.#options.pointer}" of its answer`;
    const { clock, lane } = this.#options;
    this.#rejected = null;
    // One answer may be late by half a round.
    const expiresAt = clock.now() + this.#everyMs * 1_500;
    lane.input(FearGreedReported.of({ value, source: this.#host, expiresAt }), { source: KEY });
    return null;
  }

  /** An answer that does not count is told once, until it is another one. */
  #reject(fault: string, text: string): void {
    if (text === this.#rejected) return;
    this.#rejected = text;
    const reason = `${this.#host}: ${fault}`;
    const excerpt = text
      .slice(0, 200)
      .replace(/\p{Cc}/gu, ' ')
      .toWellFormed();
    this.#options.lane.input(IntelRejected.of({ key: KEY, reason, excerpt, via: 'process' }), {
      source: KEY,
    });
  }

  #say(fault: string): void {
    const { clock, say } = this.#options;
    const now = clock.now();
    if (now - this.#saidAt < SAY_EVERY_US) return;
    this.#saidAt = now;
    say(`fear and greed of ${this.#host}: ${fault}; what it said last only expires`);
  }

  #pauseMs(): number {
    const pause =
      this.#failures === 0
        ? this.#everyMs
        : Math.min(this.#everyMs, BACK_OFF_MIN_MS * 2 ** Math.min(this.#failures - 1, 10));
    return Math.round(pause * (1 + JITTER * (2 * this.#random.nextUnit() - 1)));
  }
}

/** Null where it is longer than anything of this kind is. */
async function textOf(answer: Response): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    // Leaving the loop cancels the rest.
    if (bytes > BYTES_MAX) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** What a JSON pointer points at; undefined where there is nothing. */
function at(document: unknown, pointer: string): unknown {
  const names = pointer.split('/').slice(1);
  return names.reduce<unknown>((value, escaped) => {
    const name = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
      ? (value as Record<string, unknown>)[name]
      : undefined;
  }, document);
}

const messageOf = (error: unknown): string => {
  const { cause, message } = error as Error;
  const { code, message: why } = (cause ?? {}) as NodeJS.ErrnoException;
  return code ?? why ?? message;
};
