/** What a running engine measures of itself, for Prometheus: a fold over its events and a few looks at the process. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { HostClock, InputLane } from '../bus/ports.ts';
import type { EngineHealth } from '../engine/live/engine-health.ts';
import { TimerFired } from '../events/engine.events.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { FeedConnected, FeedLost, feedStates } from '../events/feed.events.ts';
import { OrderIntended } from '../events/order.events.ts';
import { OrderStatuses } from './order-statuses.ts';

/** Seconds: from a tenth of a millisecond, where a decision belongs, to where something is broken. */
const LAG_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5];
const EFFECTS: ReadonlySet<string> = new Set([
  'SubmitAttempted',
  'CancelAttempted',
  'UpdateAttempted',
  'OrderLookupRequested',
  'ReconciliationRequested',
  'BackfillRequested',
]);

interface Parts {
  readonly clock: HostClock;
  /** Null before the engine is there. */
  readonly health: () => EngineHealth | null;
}

export class LiveMetrics {
  readonly registry = new Registry();
  readonly #clock: HostClock;
  readonly #orders = new OrderStatuses();
  readonly #delay = monitorEventLoopDelay({ resolution: 10 });
  /** When the last timer fell due: what follows at that instant waited for the clock's tick, not for us. */
  #timerAt = Number.NaN;
  readonly #events = this.#counter('events_total', 'Events recorded, by kind and type', ['kind', 'type']);
  readonly #inputs = this.#counter('inputs_total', 'Inputs handed in, by source; ticks included', ['source']);
  readonly #ticks = this.#counter('ticks_total', 'Ticks handed in, by source', ['source']);
  readonly #decisions = this.#counter('decisions_total', 'Decisions, by type', ['type']);
  readonly #effects = this.#counter('venue_calls_total', 'Calls to the venue that were decided, by type', [
    'type',
  ]);
  readonly #rejects = this.#counter('orders_refused_total', 'Orders refused, by whom', ['by']);
  readonly #connections = this.#counter('feed_connections_total', 'Connections made and lost', [
    'feed',
    'what',
  ]);
  readonly #lag = this.#histogram('dispatch_lag_seconds', 'From receipt of an input to its dispatch');
  readonly #toIntent = this.#histogram(
    'quote_to_intent_seconds',
    'From receipt of an input to the order it led to',
  );

  constructor({ clock, health }: Parts) {
    this.#clock = clock;
    this.#delay.enable();
    this.#gauge('backlog_ticks', 'Ticks that wait for their turn', () => health()?.backlog ?? 0);
    this.#gauge(
      'clock_lag_seconds',
      "How far the core's clock is behind the host's",
      () => (health()?.lagUs ?? 0) / 1e6,
    );
    this.#gauge('log_seq', 'Place of the newest event in its log', () => health()?.seq ?? 0);
    this.#gauge('equity_dollars', 'Equity', () => health()?.equity ?? Number.NaN);
    this.#gauge('working_orders', 'Orders that may trade', () => health()?.workingOrders ?? 0);
    this.#gauge('event_loop_delay_p99_seconds', 'Delay of the event loop since the last look', () => {
      const seconds = this.#delay.percentile(99) / 1e9;
      this.#delay.reset();
      return seconds;
    });
    this.#gauge('memory_resident_bytes', 'Memory of the process', () => process.memoryUsage.rss());
    this.#gauge('memory_heap_bytes', 'Heap in use', () => process.memoryUsage().heapUsed);
    this.#labelled('feed_state', 'One for the state a feed is in', ['feed', 'state'], (gauge) => {
      for (const [feed, state] of Object.entries(health()?.feeds ?? {}))
        for (const each of feedStates) gauge.set({ feed, state: each }, each === state ? 1 : 0);
    });
    this.#labelled('orders', 'Orders of this process, by status', ['status'], (gauge) => {
      for (const [status, count] of this.#orders.counts()) gauge.set({ status }, count);
    });
  }

  event(event: StoredEvent): void {
    const { kind, type, source, recordedAt, payload } = event;
    this.#events.inc({ kind, type });
    this.#orders.event(event);
    const lag = (this.#clock.now() - recordedAt) / 1e6;
    if (kind === 'input') {
      this.#inputs.inc({ source });
      this.#lag.observe(lag);
    } else {
      this.#decisions.inc({ type });
      if (EFFECTS.has(type)) this.#effects.inc({ type });
    }
    if (type === TimerFired.type) this.#timerAt = recordedAt;
    else if (type === OrderIntended.type && recordedAt !== this.#timerAt) this.#toIntent.observe(lag);
    else if (type === 'OrderRejected') this.#rejects.inc({ by: 'venue' });
    else if (type === 'OrderDenied') this.#rejects.inc({ by: 'riskGate' });
    else if (type === FeedConnected.type) this.#connections.inc({ ...feedOf(payload), what: 'made' });
    else if (type === FeedLost.type) this.#connections.inc({ ...feedOf(payload), what: 'lost' });
  }

  /** The same lane, with its ticks counted. */
  metered(lane: InputLane): InputLane {
    return {
      tick: (tick, source) => {
        this.#ticks.inc({ source });
        this.#inputs.inc({ source });
        lane.tick(tick, source);
      },
      input: (event, from) => lane.input(event, from),
      idOf: (symbol) => lane.idOf(symbol),
      define: (definition) => lane.define(definition),
      codeOf: (dictionary, code) => lane.codeOf(dictionary, code),
    };
  }

  close(): void {
    this.#delay.disable();
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name: `quantos_${name}`, help, labelNames, registers: [this.registry] });
  }

  #histogram(name: string, help: string): Histogram {
    return new Histogram({ name: `quantos_${name}`, help, buckets: LAG_BUCKETS, registers: [this.registry] });
  }

  #gauge(name: string, help: string, value: () => number): void {
    this.#labelled(name, help, [], (gauge) => gauge.set(value()));
  }

  #labelled<L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    look: (gauge: Gauge<L>) => void,
  ): void {
    new Gauge({
      name: `quantos_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        look(this);
      },
    });
  }
}

const feedOf = (payload: unknown): { feed: string } => ({ feed: (payload as { feed: string }).feed });
