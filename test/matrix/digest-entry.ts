/** The core on a generated market and a log in memory, run by every supported Node: prints what it decided, as digests. */
import { datasetOf } from '../../src/testing/dataset-of.ts';
import { runEngine } from '../engine/engine-run.ts';
import { intradayBars, quotesOf, tradingDays, wanderingDays } from '../engine/markets.ts';

const days = tradingDays('2014-12-31', 420);
const runs = [
  runEngine([datasetOf({ AAA: { bars: wanderingDays(1, days) }, BBB: { bars: wanderingDays(2, days) } })]),
  runEngine([datasetOf({ AAA: { bars: intradayBars(3, days.slice(0, 20)), resolutionS: 1_800 } })], {
    profile: 'plain',
    strategy: 'sma-cross',
    params: { fast: 3, slow: 12 },
    commission: { kind: 'percent', rate: 0.001 },
  }),
  runEngine([datasetOf({ AAA: { quotes: quotesOf(4, days.slice(0, 2)) } })], {
    profile: 'plain',
    strategy: 'rsi-reversion',
    execution: 'midpoint',
    config: { exchange: { submitLatencyUs: 2_000, latencyJitterUs: 5_000 } },
  }),
];
console.log(runs.map(({ result }) => `${result.decisions} ${result.decisionDigest}`).join('\n'));
