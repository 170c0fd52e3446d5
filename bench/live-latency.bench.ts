/** How long a quote takes to become an order intent, and a durable order, while 5,000 quotes a second come in. */
import { join } from 'node:path';
import { setTimeout as later, setImmediate as turn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { copyTick, Tick } from '../src/events/tick.ts';
import { type Benchmark, cpuSecondsOf, type Measurement, Rival, type Turn } from './benchmark.ts';
import { liveCore, MARKET_AT } from './live-core.ts';

interface Job {
  readonly path: string;
  readonly symbols: number;
  readonly quotes: number;
}

const QUOTES_PER_SECOND = 5_000;
/** The market's minute goes by in a second: each symbol is quoted ten times in each of its bars. */
const MARKET_SPEED = 60;
/** Of the wall's seconds: what a venue allows. */
const ORDERS_PER_MARKET_MINUTE = 3;
/** Measured once the compiler has seen everything. */
const WARM_UP_SHARE = 0.3;
const LIMIT_MS = 1;
const RUNS = 3;

/**
 * Hands in quotes when they are due, as a socket would, and lets the event loop sleep between them: a loop that spins leaves
 * so much garbage that its collection is what is measured.
 */
async function paced(quotes: number, hand: (i: number) => void): Promise<void> {
  const start = performance.now();
  for (let i = 0; i < quotes; ) {
    const due = ((performance.now() - start) * QUOTES_PER_SECOND) / 1_000;
    for (; i < Math.min(due, quotes); i++) hand(i);
    await later(1);
  }
}

function quoteOf(tick: Tick, i: number, symbols: number): Tick {
  tick.symbolId = i % symbols;
  tick.time = tick.recordedAt = MARKET_AT + Math.floor((i * 1_000_000 * MARKET_SPEED) / QUOTES_PER_SECOND);
  tick.bidPx = 100 + ((i * 7) % 13) / 100;
  tick.askPx = tick.bidPx + 0.01;
  tick.bidSize = tick.askSize = 100 + (i % 900);
  return tick;
}

const indexOf = ({ time }: Tick): number =>
  Math.round(((time - MARKET_AT) * QUOTES_PER_SECOND) / (1_000_000 * MARKET_SPEED));

/** Milliseconds since a quote was handed in, of those after the warm-up. */
class Delays {
  readonly #handedAt: Float64Array;
  readonly #from: number;
  readonly #taken: number[] = [];

  constructor(quotes: number, handedAt: Float64Array) {
    this.#from = quotes * WARM_UP_SHARE;
    this.#handedAt = handedAt;
  }

  note(i: number): void {
    if (i >= this.#from) this.#taken.push(performance.now() - this.#handedAt[i]);
  }

  percentiles(name: string): Record<string, number> {
    const sorted = this.#taken.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    return {
      [`${name}Count`]: sorted.length,
      [`${name}P50`]: at(0.5),
      [`${name}P99`]: at(0.99),
      [`${name}Max`]: sorted.at(-1)!,
    };
  }
}

const drained = async (isEmpty: () => boolean): Promise<void> => {
  while (!isEmpty()) await turn();
  await turn();
};

export const contenders = {
  engine:
    ({ path, symbols, quotes }: Job) =>
    async (): Promise<Turn> => {
      const handedAt = new Float64Array(quotes);
      const [intents, orders] = [new Delays(quotes, handedAt), new Delays(quotes, handedAt)];
      const causes = new Map<number, number>();
      let current = 0;
      const { pump, close } = liveCore(path, symbols, ORDERS_PER_MARKET_MINUTE, {
        onTick: (tick) => {
          current = indexOf(tick);
        },
        onIntent: (ordinal) => {
          causes.set(ordinal, current);
          intents.note(current);
        },
        onSubmit: (ordinal) => orders.note(causes.get(ordinal)!),
      });
      const tick = new Tick();
      const cpuSeconds = await cpuSecondsOf(async () => {
        await paced(quotes, (i) => {
          handedAt[i] = performance.now();
          pump.offerTick(quoteOf(tick, i, symbols), 'bench');
        });
        await drained(() => pump.backlog === 0);
      });
      close();
      return { cpuSeconds, ...intents.percentiles('intent'), ...orders.percentiles('order') };
    },

  /** The same loop with nothing in it: a queue, and a durable row where the engine sends an order. */
  bare:
    ({ path, symbols, quotes }: Job) =>
    async (): Promise<Turn> => {
      const handedAt = new Float64Array(quotes);
      const [intents, orders] = [new Delays(quotes, handedAt), new Delays(quotes, handedAt)];
      const db = new Database(path);
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      db.exec('CREATE TABLE orders (i INTEGER PRIMARY KEY, payload TEXT)');
      const insert = db.prepare('INSERT INTO orders VALUES (?, ?)');
      const perBar = (symbols * QUOTES_PER_SECOND) / symbols;
      let queue: Tick[] = [];
      const sentIn = new Map<number, number>();
      let scheduled = false;
      const drain = (): void => {
        scheduled = false;
        const waiting = queue;
        queue = [];
        for (const each of waiting) {
          const i = indexOf(each);
          const bar = Math.floor(i / perBar);
          const isFirstOfBar = i % perBar < symbols;
          if (!isFirstOfBar || (bar + each.symbolId) % 10 !== 0) continue;
          intents.note(i);
          const sent = sentIn.get(bar) ?? 0;
          if (sent >= ORDERS_PER_MARKET_MINUTE) continue;
          sentIn.set(bar, sent + 1);
          insert.run(i, 'x'.repeat(200));
          orders.note(i);
        }
      };
      const tick = new Tick();
      const cpuSeconds = await cpuSecondsOf(async () => {
        await paced(quotes, (i) => {
          handedAt[i] = performance.now();
          const copy = new Tick();
          copyTick(quoteOf(tick, i, symbols), copy);
          queue.push(copy);
          if (scheduled) return;
          scheduled = true;
          setImmediate(drain);
        });
        await drained(() => queue.length === 0);
      });
      db.close();
      return { cpuSeconds, ...intents.percentiles('intent'), ...orders.percentiles('order') };
    },
};

async function alone(name: keyof typeof contenders, job: Job): Promise<Turn> {
  const rival = await Rival.start(import.meta.url, name, job);
  const result = await rival.turn();
  rival.stop();
  return result;
}

export const liveLatency: Benchmark = {
  name: 'live-latency',
  about:
    '5,000 quotes a second over 500 symbols: from a quote to the order intent, and to the durable order; the middle of 3 runs',
  async run({ folder, small }) {
    const size = small ? { symbols: 20, quotes: 15_000 } : { symbols: 500, quotes: 150_000 };
    // A machine that others use, too, takes the core away now and then: of several runs the middle one counts.
    const runs: Turn[] = [];
    for (let n = 0; n < (small ? 1 : RUNS); n++)
      runs.push(await alone('engine', { ...size, path: join(folder, `live-${n}.db`) }));
    const engine = runs.sort((a, b) => a.intentP99 - b.intentP99)[runs.length >> 1];
    const bare = await alone('bare', { ...size, path: join(folder, 'bare.db') });
    const row = (
      what: 'intent' | 'order',
      part: 'P50' | 'P99' | 'Max',
      limit: number | null,
    ): Measurement => {
      const value = engine[`${what}${part}`];
      const peer = { name: 'bare loop', value: bare[`${what}${part}`] };
      return {
        name: `${this.name}: quote to ${what}, ${part.toLowerCase()}`,
        value,
        unit: 'ms',
        limit,
        peer,
        ratio: limit === null ? value / peer.value : value / limit,
        goal: limit === null ? null : '<= 1',
      };
    };
    return [
      row('intent', 'P50', null),
      row('intent', 'P99', LIMIT_MS),
      row('intent', 'Max', null),
      row('order', 'P50', null),
      row('order', 'P99', null),
      row('order', 'Max', null),
    ];
  },
};
