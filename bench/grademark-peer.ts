/**
 * The crossover as a user of grademark writes it: averages by data-forge, the library it stands on and its guide uses.
 * Beside it its bare loop, with averages that plain code has computed beforehand: the least it can take.
 */
import { createRequire } from 'node:module';
import { openDataset } from '../replay/dataset.ts';
import { Series, sma } from '../src/streams/indicators.ts';
import { cpuSecondsOf, type Turn } from './benchmark.ts';

const require = createRequire(import.meta.url);

export interface Crossover {
  readonly dataset: string;
  readonly fast: number;
  readonly slow: number;
}

interface Bar {
  readonly time: Date;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

interface Judged extends Bar {
  /** Fast less slow average at this bar and at the one before it; NaN without history. */
  readonly lead: number;
  readonly before: number;
}

/** Both packages have no types that fit this TypeScript. */
// biome-ignore lint/suspicious/noExplicitAny: see above
type Untyped = any;

const rules = {
  entryRule: (enter: () => void, { bar }: { bar: Judged }) => {
    if (bar.before < 0 && bar.lead > 0) enter();
  },
  exitRule: (exit: () => void, { bar }: { bar: Judged }) => {
    if (bar.before > 0 && bar.lead < 0) exit();
  },
};

const peer =
  (tradesOf: (bars: readonly Bar[], crossover: Crossover) => readonly unknown[]) =>
  (crossover: Crossover) => {
    const bars = readBars(crossover.dataset);
    return async (): Promise<Turn> => {
      let trades = 0;
      const cpuSeconds = await cpuSecondsOf(() => {
        trades = tradesOf(bars, crossover).length;
      });
      return { cpuSeconds, trades };
    };
  };

export const grademark = peer((bars, { fast, slow }) => {
  const { DataFrame } = require('data-forge');
  const average = (series: Untyped, n: number) =>
    series
      .rollingWindow(n)
      .select((window: Untyped) => [window.getIndex().last(), window.average()])
      .withIndex(([index]: [number, number]) => index)
      .select(([, value]: [number, number]) => value);
  const prepIndicators = ({ inputSeries }: Untyped) => {
    const closes = inputSeries.deflate((bar: Bar) => bar.close).bake();
    const averaged = inputSeries.withSeries({ fast: average(closes, fast), slow: average(closes, slow) });
    let before = Number.NaN;
    const judge = (bar: Bar & { fast: number; slow: number }): Judged => {
      const judged = { ...bar, lead: bar.fast - bar.slow, before };
      before = judged.lead;
      return judged;
    };
    return averaged
      .skip(slow - 1)
      .select(judge)
      .bake();
  };
  return require('grademark').backtest({ ...rules, prepIndicators }, new DataFrame(bars));
});

export const grademarkGiven = peer((bars, { fast, slow }) => {
  const { DataFrame } = require('data-forge');
  const closes = new Series(slow);
  let before = Number.NaN;
  const judged = bars.map(({ time, open, high, low, close, volume }): Judged => {
    closes.push(close);
    const lead = (sma(closes, fast) ?? Number.NaN) - (sma(closes, slow) ?? Number.NaN);
    const bar = { time, open, high, low, close, volume, lead, before };
    before = lead;
    return bar;
  });
  return require('grademark').backtest(rules, new DataFrame(judged));
});

function readBars(path: string): Bar[] {
  const dataset = openDataset(path);
  const cursor = dataset.open();
  const bars: Bar[] = [];
  for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
    if (kind !== 1) continue;
    const { time, open, high, low, close, volume } = cursor.tick;
    bars.push({ time: new Date(time / 1_000), open, high, low, close, volume });
  }
  dataset.close();
  return bars;
}
