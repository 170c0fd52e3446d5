/** Writes the records of a dataset into its log, one after the other. */
import type { EventLog } from '../bus/ports.ts';
import { canonicalJson } from '../events/canonical.ts';
import type { EventDefinition } from '../events/define-event.ts';
import type { Tick } from '../events/tick.ts';

const SOURCE = 'file';

export class DatasetWriter {
  readonly #log: EventLog;
  /** Arrival of the events to come, microseconds. */
  now = 0;

  constructor(log: EventLog) {
    this.#log = log;
  }

  get lastSeq(): number {
    return this.#log.lastSeq;
  }

  tick(tick: Tick): void {
    this.#log.tick(this.#log.lastSeq + 1, tick, SOURCE);
    this.#log.settle();
  }

  event<P>(definition: EventDefinition<'input', P>, payload: P): void {
    const { kind, type, version } = definition;
    this.#log.event({
      seq: this.#log.lastSeq + 1,
      kind,
      type,
      version,
      time: this.now,
      recordedAt: this.now,
      source: SOURCE,
      causation: null,
      correlation: definition.correlate(payload),
      basis: [],
      payload,
      json: canonicalJson(payload),
    });
  }
}
