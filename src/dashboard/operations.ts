/**
 * Everything by which people follow and command a running engine: the process's log, alerts, health and metrics, the
 * control server, the kill switch by signal. None of it is heard by the engine but commands, and none can stop it.
 */
import { randomBytes } from 'node:crypto';
import { faultAlert } from '../adapters/alerts/alert-rules.ts';
import { WebhookAlerts } from '../adapters/alerts/webhook.ts';
import { type LogLevel, ProcessLog } from '../adapters/process-log/process-log.ts';
import type { HostClock, InputLane } from '../bus/ports.ts';
import { redactor } from '../domain/redaction.ts';
import type { EngineState } from '../engine/live/engine-health.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { ViewMarks } from '../projections/view-marks.ts';
import { writeControlFile } from './control-file.ts';
import { type EngineFace, openControlServer } from './control-server.ts';
import { createDashboard, type Dashboard, type DashboardParts, pageAddress } from './dashboard.ts';
import type { LocalServer } from './local-server.ts';
import { LiveMetrics } from './metrics.ts';

export interface OperationsOptions {
  readonly clock: HostClock;
  /** Where the engine's control file goes, and its log. */
  readonly dataFolder: string;
  /** 0: any free one; null: no server. */
  readonly port: number | null;
  readonly alertWebhook: string | null;
  readonly logLevel: LogLevel;
  readonly logFile: string | null;
  /** Lines for whoever watches; null for nobody. */
  readonly stderr: ((line: string) => void) | null;
  /** What the page needs to rerun sessions; null for no page. */
  readonly page: Pick<DashboardParts, 'beginRerun'> | null;
  /** Values that may never leave the process: keys above all. */
  readonly secrets: readonly string[];
}

/** How long a stop waits for alerts that are on their way. */
const ALERT_GRACE_MS = 3_000;
const HALT_SIGNAL = 'SIGUSR2';

export class Operations {
  readonly log: ProcessLog;
  readonly #options: OperationsOptions;
  readonly #alerts: WebhookAlerts | null;
  readonly #views = new ViewMarks();
  readonly #token = randomBytes(32).toString('base64url');
  readonly #metrics: LiveMetrics;
  #engine: EngineFace | null = null;
  #dashboard: Dashboard | null = null;
  #state: EngineState = 'stopped';
  #server: LocalServer | null = null;
  #undo: (() => void)[] = [];

  constructor(options: OperationsOptions) {
    this.#options = options;
    const { alertWebhook, clock, logFile, logLevel, secrets, stderr } = options;
    const redact = redactor([...secrets, this.#token, ...(alertWebhook === null ? [] : [alertWebhook])]);
    this.log = new ProcessLog({
      level: logLevel,
      redact,
      file: logFile,
      stderr,
      onFailure: (sentence) => process.emitWarning(redact(sentence)),
    });
    this.#alerts =
      alertWebhook === null
        ? null
        : new WebhookAlerts({
            url: alertWebhook,
            clock,
            redact,
            onFailure: (sentence) => this.log.warn(sentence),
          });
    this.#metrics = new LiveMetrics({ clock, health: () => this.#engine?.health() ?? null });
  }

  /** For the engine's `onEvent`. */
  event(event: StoredEvent): void {
    this.#metrics.event(event);
    this.#views.event(event);
    this.#alerts?.event(event);
    this.log.event(event);
    this.#follow();
  }

  /** For the engine's `onState`. */
  state(state: EngineState, why: string): void {
    const say = state === 'halted' || state === 'failed' ? 'error' : 'info';
    this.log[say](`engine ${state}`, why === '' ? {} : { why });
    // That it halted is an event of the log; what it says of itself after that is not.
    if (state === 'failed' || (state === 'halted' && this.#state === state)) {
      const { seq = 0 } = this.#engine?.health() ?? {};
      this.#alerts?.raise(faultAlert(state, why), { seq, time: this.#options.clock.now() });
    }
    this.#state = state;
  }

  metered(lane: InputLane): InputLane {
    return this.#metrics.metered(lane);
  }

  /** The page follows into each new log of the engine. */
  #follow(): void {
    const path = this.#engine?.session?.path;
    if (path !== undefined) this.#dashboard?.session.follow(path);
  }

  /** The page's address, with what lets it command: for the terminal of whoever started the engine. */
  get address(): string | null {
    return this.#server === null || this.#dashboard === null
      ? null
      : pageAddress(this.#server.port, this.#token);
  }

  /** Opens the door of an engine that is about to start; answers its port, null where there is none. */
  async open(engine: EngineFace): Promise<number | null> {
    this.#engine = engine;
    const halt = () => {
      this.log.warn(`${HALT_SIGNAL}: halt`);
      engine.command('halt', HALT_SIGNAL);
    };
    process.on(HALT_SIGNAL, halt);
    this.#undo.push(() => process.off(HALT_SIGNAL, halt));
    const { clock, dataFolder, page, port } = this.#options;
    if (port === null) return null;
    if (page !== null) {
      this.#dashboard = await createDashboard({
        ...page,
        health: () => engine.health(),
        live: true,
        token: this.#token,
      });
    }
    this.#server = await openControlServer({
      engine,
      port,
      token: this.#token,
      registry: this.#metrics.registry,
      more: () => ({
        pid: process.pid,
        views: this.#views.source && { ...this.#views.source, prices: this.#views.at(clock.now()) },
        alertsDropped: this.#alerts?.dropped ?? 0,
      }),
      page: this.#dashboard?.routes,
    });
    const control = { port: this.#server.port, token: this.#token, pid: process.pid };
    this.#undo.push(writeControlFile(dataFolder, control));
    this.log.info('control server', { port: control.port });
    return control.port;
  }

  async close(): Promise<void> {
    for (const undo of this.#undo.splice(0)) undo();
    await this.#server?.close();
    await this.#dashboard?.close();
    await this.#alerts?.stop(ALERT_GRACE_MS);
    this.#metrics.close();
    await this.log.close();
  }
}
