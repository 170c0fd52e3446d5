/** A million ticks handed in at once, with the reports of working orders among them: what is kept, and what it takes. */
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { ClockTicked } from '../src/events/engine.events.ts';
import { TicksConflated } from '../src/events/market.events.ts';
import { OrderAccepted } from '../src/events/order.events.ts';
import { Tick, TickKind } from '../src/events/tick.ts';
import { type Benchmark, cpuSecondsOf, Rival, type Turn } from './benchmark.ts';
import { liveCore, MARKET_AT } from './live-core.ts';

interface Job {
  readonly path: string;
  readonly symbols: number;
  readonly ticks: number;
}

const LIMIT_MB = 500;
/** One tick in so many is a trade, which is never merged. */
const TRADE_EVERY = 10;
/** One report or clock tick for so many ticks of the market. */
const CONTROL_EVERY = 100;

export const contenders = {
  engine:
    ({ path, symbols, ticks }: Job) =>
    async (): Promise<Turn> => {
      let fed = 0;
      let merged = 0;
      let control = 0;
      let behind = 0;
      const { pump, close } = liveCore(path, symbols, 0, {
        onTick: () => {
          fed += 1;
        },
        onEvent: ({ type, payload }) => {
          if (type === TicksConflated.type) merged += (payload as { count: number }).count;
          if (type !== OrderAccepted.type && type !== ClockTicked.type) return;
          control += 1;
          if (fed > 0) behind += 1;
        },
      });
      const tick = new Tick();
      let asked = 0;
      const startedAt = performance.now();
      const cpuSeconds = await cpuSecondsOf(async () => {
        for (let i = 0; i < ticks; i++) {
          tick.kind = i % TRADE_EVERY === 0 ? TickKind.trade : TickKind.quote;
          tick.symbolId = Math.floor(i / TRADE_EVERY) % symbols;
          tick.time = tick.recordedAt = MARKET_AT + i;
          tick.px = tick.bidPx = 100 + ((i * 7) % 13) / 100;
          tick.askPx = tick.bidPx + 0.01;
          tick.size = tick.bidSize = tick.askSize = 100;
          pump.offerTick(tick, 'bench');
          if (i % CONTROL_EVERY !== 0) continue;
          const from = { source: 'venue', recordedAt: MARKET_AT + i };
          const report = OrderAccepted.of({ ordinal: 1_000_000 + i, venueOrderId: `v${i}` });
          pump.offerInput(asked++ % 2 === 0 ? report : ClockTicked.of({}), from);
        }
        while (pump.backlog > 0) await turn();
      });
      const seconds = (performance.now() - startedAt) / 1_000;
      close();
      const peakMb = process.resourceUsage().maxRSS / 1_024;
      const kept = (fed + merged) / ticks;
      return { cpuSeconds, seconds, peakMb, kept, fed, merged, control: control / asked, behind };
    },
};

export const flood: Benchmark = {
  name: 'flood',
  about:
    '1 M ticks handed in at once: what is lost on the order path, what is merged, memory and time to drain',
  async run({ folder, small }) {
    const size = small ? { symbols: 20, ticks: 30_000 } : { symbols: 500, ticks: 1_000_000 };
    const rival = await Rival.start(import.meta.url, 'engine', { ...size, path: join(folder, 'flood.db') });
    const { seconds, cpuSeconds, peakMb, kept, control, behind, merged } = await rival.turn();
    rival.stop();
    if (behind > 0) throw new Error(`${behind} reports waited behind market data`);
    const bare = { peer: null, limit: null, ratio: null, goal: null };
    const whole = { limit: 1, peer: null, goal: '>= 1' };
    return [
      { ...bare, name: `${this.name}: drained in`, value: seconds, unit: 's' },
      { ...bare, name: `${this.name}: CPU`, value: cpuSeconds, unit: 's' },
      { ...bare, name: `${this.name}: quotes merged`, value: merged, unit: 'ticks' },
      {
        ...whole,
        name: `${this.name}: ticks recorded or counted as merged`,
        value: kept,
        unit: 'share',
        ratio: kept,
      },
      { ...whole, name: `${this.name}: reports recorded`, value: control, unit: 'share', ratio: control },
      {
        name: `${this.name}: peak memory`,
        value: peakMb,
        unit: 'MB',
        limit: LIMIT_MB,
        peer: null,
        ratio: peakMb / LIMIT_MB,
        goal: '<= 1',
      },
    ];
  },
};
