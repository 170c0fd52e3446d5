/** A crossover of two averages over minute bars, every decision on disk, beside grademark, which keeps nothing. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { openDataset } from '../replay/dataset.ts';
import type { RunSpec } from '../src/domain/config.ts';
import { sma, Series } from '../src/streams/indicators.ts';
import { type Benchmark, compete, cpuSecondsOf, type Measurement, type Turn } from './benchmark.ts';
import { writeMinuteBars } from './markets.ts';
import { record } from './sessions.ts';

const FAST = 10;
const SLOW = 50;

interface Job {
  readonly dataset: string;
  readonly out: string;
  readonly profile: RunSpec['profile'];
}

export const contenders = {
  engine:
    ({ dataset, out, profile }: Job) =>
    async (): Promise<Turn> => {
      let trades = 0;
      const cpuSeconds = await cpuSecondsOf(async () => {
        const params = { fast: FAST, slow: SLOW };
        const { summary, halted } = await record({ dataset, out, profile, strategy: 'sma-cross', params });
        if (halted !== null) throw new Error(halted.message);
        trades = summary.tradeCount;
      });
      return { cpuSeconds, trades };
    },

  grademark: ({ dataset }: Job): (() => Promise<Turn>) => {
    const require = createRequire(import.meta.url);
    const { DataFrame } = require('data-forge');
    const { backtest } = require('grademark');
    const bars = readBars(dataset);
    return async () => {
      let trades = 0;
      const cpuSeconds = await cpuSecondsOf(() => {
        trades = backtest(crossover, new DataFrame(withAverages(bars))).length;
      });
      return { cpuSeconds, trades };
    };
  },
};

interface PlainBar {
  readonly time: Date;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}
interface AveragedBar extends PlainBar {
  /** Fast less slow average, and the same at the bar before; NaN without history. */
  readonly lead: number;
  readonly before: number;
}

function readBars(path: string): PlainBar[] {
  const dataset = openDataset(path);
  const cursor = dataset.open();
  const bars: PlainBar[] = [];
  for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
    if (kind !== 1) continue;
    const { time, open, high, low, close, volume } = cursor.tick;
    bars.push({ time: new Date(time / 1_000), open, high, low, close, volume });
  }
  dataset.close();
  return bars;
}

/** Averages computed beforehand, as fast as plain code can: data-forge's own rolling windows would take far longer. */
function withAverages(bars: readonly PlainBar[]): AveragedBar[] {
  const closes = new Series(SLOW);
  let before = Number.NaN;
  return bars.map(({ time, open, high, low, close, volume }) => {
    closes.push(close);
    const lead = (sma(closes, FAST) ?? Number.NaN) - (sma(closes, SLOW) ?? Number.NaN);
    const bar = { time, open, high, low, close, volume, lead, before };
    before = lead;
    return bar;
  });
}

interface Rule {
  readonly bar: AveragedBar;
}
const crossover = {
  entryRule: (enter: () => void, { bar }: Rule) => {
    if (bar.before < 0 && bar.lead > 0) enter();
  },
  exitRule: (exit: () => void, { bar }: Rule) => {
    if (bar.before > 0 && bar.lead < 0) exit();
  },
};

async function compare(folder: string, bars: number, turns: number): Promise<Measurement[]> {
  const dataset = join(folder, `bars-${bars}.db`);
  writeMinuteBars(dataset, bars);
  const job = { dataset, out: join(folder, 'run.db'), profile: 'plain' } as const;
  const { engine, grademark } = await compete(import.meta.url, { engine: job, grademark: job }, turns);
  const [rate, peer] = [bars / engine.cpuSeconds, bars / grademark.cpuSeconds];
  const name = `backtest-bars: ${bars / 1_000}k bars, profile plain`;
  return [
    {
      name,
      value: rate,
      unit: 'bars/s',
      limit: null,
      peer: { name: 'grademark 0.3.0', value: peer },
      ratio: rate / peer,
      goal: '>= 1',
    },
    // Grademark takes no signal in the bar that fills the one before, so a few trades differ.
    {
      name: `${name}, trades`,
      value: engine.trades,
      unit: 'trades',
      limit: null,
      peer: { name: 'grademark 0.3.0', value: grademark.trades },
      ratio: engine.trades / grademark.trades,
      goal: null,
    },
  ];
}

async function whole(folder: string, bars: number, turns: number): Promise<Measurement> {
  const dataset = join(folder, `bars-${bars}.db`);
  const job = { dataset, out: join(folder, 'whole.db'), profile: 'quantos' } as const;
  const { engine } = await compete(import.meta.url, { engine: job }, turns);
  const rate = bars / engine.cpuSeconds;
  const name = `backtest-bars: ${bars / 1_000}k bars, profile quantos`;
  return { name, value: rate, unit: 'bars/s', limit: 150_000, peer: null, ratio: rate / 150_000, goal: null };
}

export const backtestBars: Benchmark = {
  name: 'backtest-bars',
  about: `SMA ${FAST}/${SLOW} over minute bars, decisions persisted, beside grademark doing the same in memory`,
  async run({ folder, small }) {
    if (small) return [...(await compare(folder, 3_000, 1)), await whole(folder, 3_000, 1)];
    return [
      ...(await compare(folder, 200_000, 3)),
      ...(await compare(folder, 2_000_000, 1)),
      await whole(folder, 2_000_000, 1),
    ];
  },
};
