/**
 * The Intel Bus where no Redis is configured: what the engine publishes stands in this process alone, and what other code
 * of the process publishes is heard as if it had come from elsewhere, with the same rules and the same expiry.
 */
import type { HostClock, InputLane, IntelEntry, IntelMirror, LiveEdge } from '../../bus/ports.ts';
import { formatJson, formatPayload, type IntelPayload } from '../../domain/intel.ts';
import type { StoredEvent } from '../../events/envelope.ts';
import { IntelBusOpened, IntelPublished } from '../../events/intel.events.ts';
import { INTEL_SOURCE, IntelInbox, watchedKeys } from './intel-inbox.ts';

export interface ProcessBridgeOptions {
  readonly lane: InputLane;
  readonly bus: IntelMirror;
  readonly clock: HostClock;
  /** Our own name on the bus. */
  readonly sourceSystem: string;
  /** Whether the cloud is asked for volume spikes. */
  readonly cloud: boolean;
}

/** A value as it leaves: its bytes, and until when they are worth something (microseconds). */
export interface Leaving {
  readonly key: string;
  readonly text: string;
  readonly expiresAt: number;
  readonly ttlSeconds: number;
}

export class ProcessBridge implements LiveEdge {
  readonly performs: readonly string[] = [IntelPublished.type];
  protected readonly inbox: IntelInbox;
  readonly #options: ProcessBridgeOptions;
  #forget: () => void = () => {};

  constructor(options: ProcessBridgeOptions) {
    this.#options = options;
    const { bus: mirror, clock, lane, sourceSystem } = options;
    this.inbox = new IntelInbox({ lane, mirror, sourceSystem, now: () => clock.now() });
  }

  protected get transport(): 'redis' | 'process' {
    return 'process';
  }

  start(): void {
    const { bus, cloud, lane } = this.#options;
    lane.input(IntelBusOpened.of({ transport: this.transport, cloud }), { source: INTEL_SOURCE });
    this.#forget = bus.onChange((entry) => this.#changed(entry));
  }

  perform(effect: StoredEvent): void {
    const { key, value, sourceSystem, confidence, evaluatedAt, ttlSeconds } =
      effect.payload as IntelPublished;
    const { bus, sourceSystem: ours } = this.#options;
    const expiresAt = evaluatedAt + ttlSeconds * 1_000_000;
    const payload: IntelPayload = {
      value,
      source_system: sourceSystem ?? ours,
      timestamp: evaluatedAt / 1e6,
      confidence: confidence ?? 1,
    };
    const text = sourceSystem === null ? formatJson(value) : formatPayload(payload);
    this.inbox.knows(key, text);
    bus.put(key, payload, { origin: 'engine', expiresAt });
    this.leave({ key, text, expiresAt, ttlSeconds });
  }

  async stop(): Promise<void> {
    this.#forget();
  }

  /** Where a value goes from here. */
  protected leave(_value: Leaving): void {}

  #changed({ key, payload, origin, heardAt, expiresAt }: IntelEntry): void {
    if (origin !== 'process') return;
    const text = formatPayload(payload);
    const ttlMs = (expiresAt - heardAt) / 1_000;
    if (watchedKeys.includes(key))
      this.inbox.heard(key, { bytes: new TextEncoder().encode(text) }, ttlMs, 'process');
    this.leave({ key, text, expiresAt, ttlSeconds: Math.ceil(ttlMs / 1_000) });
  }
}
