/** A crossover of two averages over minute bars, every decision on disk, beside grademark, which keeps nothing. */
import { join } from 'node:path';
import type { RunSpec } from '../src/domain/config.ts';
import { type Benchmark, compete, cpuSecondsOf, type Measurement, type Turn } from './benchmark.ts';
import { type Crossover, grademark, grademarkGiven } from './grademark-peer.ts';
import { writeMinuteBars } from './markets.ts';
import { record } from './sessions.ts';

interface Job extends Crossover {
  readonly out: string;
  readonly profile: RunSpec['profile'];
}

export const contenders = {
  engine:
    ({ dataset, out, profile, fast, slow }: Job) =>
    async (): Promise<Turn> => {
      let trades = 0;
      const cpuSeconds = await cpuSecondsOf(async () => {
        const run = { dataset, out, profile, strategy: 'sma-cross', params: { fast, slow } };
        const { summary, halted } = await record(run);
        if (halted !== null) throw new Error(halted.message);
        trades = summary.tradeCount;
      });
      return { cpuSeconds, trades };
    },
  grademark,
  grademarkGiven,
};

const jobOf = (folder: string, bars: number, profile: Job['profile']): Job => ({
  dataset: join(folder, `bars-${bars}.db`),
  out: join(folder, `${profile}.db`),
  profile,
  fast: 10,
  slow: 50,
});

/** Data-forge's averages of more bars than this take minutes and gigabytes. */
const GUIDE_BARS_MAX = 200_000;

async function plain(folder: string, bars: number, turns: number): Promise<Measurement[]> {
  const job = jobOf(folder, bars, 'plain');
  const rivals: Record<string, Job> = { engine: job, grademarkGiven: job };
  if (bars <= GUIDE_BARS_MAX) rivals.grademark = job;
  const taken = await compete(import.meta.url, rivals, turns);
  const { engine, grademark, grademarkGiven } = taken;
  const name = `backtest-bars: ${bars / 1_000}k bars, profile plain`;
  const value = bars / engine.cpuSeconds;
  const beside = (peerName: string, { cpuSeconds }: Turn, goal: string | null): Measurement => {
    const peer = { name: peerName, value: bars / cpuSeconds };
    return { name, value, unit: 'bars/s', limit: null, peer, ratio: value / peer.value, goal };
  };
  return [
    ...(grademark === undefined ? [] : [beside('grademark 0.3.0', grademark, '>= 1')]),
    beside('grademark, averages given', grademarkGiven, '>= 1'),
    // Grademark hears no signal in the bar that fills the one before, so a few trades differ.
    {
      name: `${name}, trades`,
      value: engine.trades,
      unit: 'trades',
      limit: null,
      peer: { name: 'grademark 0.3.0', value: grademarkGiven.trades },
      ratio: engine.trades / grademarkGiven.trades,
      goal: null,
    },
  ];
}

async function whole(folder: string, bars: number, turns: number): Promise<Measurement> {
  const { engine } = await compete(import.meta.url, { engine: jobOf(folder, bars, 'quantos') }, turns);
  const value = bars / engine.cpuSeconds;
  const name = `backtest-bars: ${bars / 1_000}k bars, profile quantos`;
  return { name, value, unit: 'bars/s', limit: 150_000, peer: null, ratio: value / 150_000, goal: '>= 1' };
}

export const backtestBars: Benchmark = {
  name: 'backtest-bars',
  about: 'SMA 10/50 over minute bars, decisions persisted, beside grademark doing the same in memory',
  async run({ folder, small }) {
    const sizes = small ? [3_000] : [200_000, 2_000_000];
    const measurements: Measurement[] = [];
    for (const bars of sizes) {
      writeMinuteBars(jobOf(folder, bars, 'plain').dataset, bars);
      measurements.push(...(await plain(folder, bars, small ? 1 : 4)));
    }
    return [...measurements, await whole(folder, sizes[sizes.length - 1], small ? 1 : 3)];
  },
};
