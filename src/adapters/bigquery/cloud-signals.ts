/**
 * Asks BigQuery every minute which symbols trade far above their hour's volume, and hands in what it hears. Where it hears
 * nothing it says why, and asks more and more seldom; one question is on its way at a time.
 */
import type { HostClock, InputLane, LiveEdge } from '../../bus/ports.ts';
import { createRandom, type Random } from '../../domain/random.ts';
import { CloudSignalsReported, CloudStatusChanged } from '../../events/intel.events.ts';
import { BigQueryClient } from './bigquery-client.ts';
import { type FaultCode, faultOf } from './bigquery-fault.ts';
import { readAnswer } from './cloud-answer.ts';
import { readTable, type SignalQuestion, signalAsk } from './cloud-query.ts';

export interface CloudSignalOptions extends Omit<SignalQuestion, 'now'> {
  readonly lane: InputLane;
  readonly clock: HostClock;
  /** Who pays; null for the project of the table. */
  readonly project: string | null;
  readonly location: string | null;
  readonly endpoint: string | null;
  /** Between the beginnings of two questions. */
  readonly everyS: number;
  /** BigQuery stops a query that takes longer. */
  readonly timeoutS: number;
  readonly staleAfterS: number;
  readonly seed?: number;
}

const SOURCE = 'bigquery';
const BACK_OFF_MAX_MS = 900_000;
/** Waits are this share longer or shorter, so that many engines do not ask at once. */
const JITTER = 0.1;

export class CloudSignalEngine implements LiveEdge {
  readonly performs = [];
  readonly #options: CloudSignalOptions;
  readonly #client: BigQueryClient;
  readonly #random: Random;
  #said: string | null = null;
  #failures = 0;
  #stopped = false;
  #cancelTimer: () => void = () => {};

  constructor(options: CloudSignalOptions) {
    const { clock, table, project, location, endpoint, timeoutS } = options;
    this.#options = options;
    this.#random = createRandom(options.seed ?? 1);
    this.#client = new BigQueryClient({
      project: project ?? readTable(table).project,
      location,
      endpoint,
      clock,
      timeoutMs: timeoutS * 1_000,
    });
  }

  start(): void {
    this.#cancelTimer = this.#options.clock.after(0, () => void this.#ask());
  }

  perform(): void {}

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    this.#client.close();
  }

  async #ask(): Promise<void> {
    const { clock, everyS, table } = this.#options;
    const asked = clock.now();
    let waitMs = everyS * 1_000;
    try {
      const answer = await this.#client.query(signalAsk({ ...this.#options, now: asked }));
      if (this.#stopped) return;
      const { report, flaw } = readAnswer(answer, { ...this.#options, now: asked });
      this.#failures = 0;
      this.#tell(report);
      if (flaw === '') this.#say('', `${table} answers`);
      else this.#say('schema', flaw);
    } catch (error) {
      if (this.#stopped) return;
      const fault = faultOf(error);
      this.#failures++;
      this.#say(fault.code, fault.message);
      waitMs = this.#backOffMs();
    }
    const tookMs = (clock.now() - asked) / 1_000;
    this.#cancelTimer = clock.after(Math.max(0, waitMs - tookMs), () => void this.#ask());
  }

  #tell(report: CloudSignalsReported): void {
    const time = report.asOf ?? undefined;
    this.#options.lane.input(CloudSignalsReported.of(report), { source: SOURCE, time });
  }

  /** Only what is new. */
  #say(code: FaultCode | '', detail: string): void {
    const said = `${code}: ${detail}`;
    if (said === this.#said) return;
    this.#said = said;
    const status = code === '' ? 'ok' : 'degraded';
    this.#options.lane.input(CloudStatusChanged.of({ source: SOURCE, status, code, detail }), {
      source: SOURCE,
    });
  }

  /** As long as between two questions after the first failure, twice as long after each other one. */
  #backOffMs(): number {
    const doubled = this.#options.everyS * 1_000 * 2 ** Math.min(this.#failures - 1, 10);
    const jitter = 1 + JITTER * (2 * this.#random.nextUnit() - 1);
    return Math.round(Math.min(Math.max(BACK_OFF_MAX_MS, this.#options.everyS * 1_000), doubled) * jitter);
  }
}
