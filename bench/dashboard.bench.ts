/** A running engine at 10,000 events a second, looked at by three pages and by none: what the looking costs it. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createDashboard, serveDashboard } from '../src/dashboard/dashboard.ts';
import { Tick, TickKind } from '../src/events/tick.ts';
import { type Benchmark, compete, type Turn } from './benchmark.ts';
import { liveCore, MARKET_AT } from './live-core.ts';

interface Job {
  readonly folder: string;
  readonly symbols: number;
  readonly events: number;
  readonly pages: number;
}

const EVENTS_PER_SECOND = 10_000;
const PACE_MS = 10;
const PAGES = 3;
const GOAL = 0.95;
/** One event in so many is a trade; the others are quotes. */
const TRADE_EVERY = 10;

/** What a page asks for while it is open, in a thread that is not the engine's: the stream, the tail, the charts. */
const PAGE = `
const { workerData: { origin } } = require('node:worker_threads');
const ask = (path) => fetch(origin + path).then((answer) => answer.text()).catch(() => {});
(async () => {
  const { body } = await fetch(origin + '/api/live');
  for await (const _ of body);
})();
setInterval(() => ask('/api/events?limit=60'), 500);
setInterval(() => { ask('/api/series?symbol=S000&points=2000'); ask('/api/equity?points=1500'); }, 2000);
`;

let turns = 0;

export const contenders = {
  engine: (job: Job) => async (): Promise<Turn> => {
    const path = join(job.folder, `dashboard-${process.pid}-${(turns += 1)}.db`);
    const { core, pump, symbols, close } = liveCore(path, job.symbols, 60, {});
    const token = randomBytes(16).toString('hex');
    const beginRerun = () => {
      throw new Error('nobody asks for a rerun here');
    };
    const dashboard = await createDashboard({ health: () => null, live: true, token, beginRerun });
    const server = await serveDashboard(0, dashboard);
    const pages: Worker[] = [];
    if (job.pages > 0) {
      dashboard.session.follow(path);
      const workerData = { origin: `http://127.0.0.1:${server.port}` };
      for (let i = 0; i < job.pages; i++) pages.push(new Worker(PAGE, { eval: true, workerData }));
    }
    const tick = new Tick();
    let offered = 0;
    const offer = (): void => {
      tick.kind = offered % TRADE_EVERY === 0 ? TickKind.trade : TickKind.quote;
      tick.symbolId = offered % symbols.length;
      tick.time = tick.recordedAt = MARKET_AT + Math.round((offered / EVENTS_PER_SECOND) * 1e6);
      tick.px = tick.bidPx = 100 + ((offered * 7) % 13) / 100;
      tick.askPx = tick.bidPx + 0.01;
      tick.size = tick.bidSize = tick.askSize = 100;
      pump.offerTick(tick, 'bench');
      offered += 1;
    };
    // What wakes up does so before the clock runs.
    for (let i = 0; i < EVENTS_PER_SECOND; i++) offer();
    while (pump.backlog > 0) await later(1);
    if (job.pages > 0) await dashboard.session.news.after(0, 30_000, new AbortController().signal);

    const before = { seq: core.kernel.seq, at: performance.now(), used: performance.eventLoopUtilization() };
    const from = offered;
    while (offered - from < job.events) {
      const due = Math.min(job.events, ((performance.now() - before.at) / 1_000) * EVENTS_PER_SECOND);
      while (offered - from < due) offer();
      await later(PACE_MS);
    }
    while (pump.backlog > 0) await later(1);
    const seconds = (performance.now() - before.at) / 1_000;
    const { active } = performance.eventLoopUtilization(before.used);
    const events = core.kernel.seq - before.seq;
    for (const page of pages) await page.terminate();
    await server.close();
    await dashboard.close();
    close();
    return {
      cpuSeconds: active / 1_000,
      eventsPerSecond: events / seconds,
      busyShare: active / 1_000 / seconds,
    };
  },
};

export const dashboard: Benchmark = {
  name: 'dashboard',
  about: `10,000 events a second into an engine with ${PAGES} pages open, and with none`,
  async run({ folder, small }) {
    const job = { folder, ...(small ? { symbols: 20, events: 5_000 } : { symbols: 200, events: 100_000 }) };
    const of = (pages: number) => compete(import.meta.url, { engine: { ...job, pages } }, small ? 1 : 4);
    const [none, open] = [(await of(0)).engine, (await of(PAGES)).engine];
    return [
      {
        name: `${this.name}: events a second`,
        value: open.eventsPerSecond,
        unit: 'events/s',
        limit: null,
        peer: { name: 'no page', value: none.eventsPerSecond },
        ratio: open.eventsPerSecond / none.eventsPerSecond,
        goal: `>= ${GOAL}`,
      },
      {
        name: `${this.name}: the engine's thread is busy`,
        value: open.busyShare * 100,
        unit: '%',
        limit: null,
        peer: { name: 'no page', value: none.busyShare * 100 },
        ratio: open.busyShare / none.busyShare,
        goal: null,
      },
    ];
  },
};
