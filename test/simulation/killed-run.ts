/** The market and the rules of the session that is killed: the one that is killed and the one that was not must be alike. */
import type { Dataset } from '../../src/engine/market-source.ts';
import { datasetOf } from '../../src/testing/dataset-of.ts';
import type { RunOptions } from '../engine/engine-run.ts';
import { intradayBars, tradingDays } from '../engine/markets.ts';

export function killedRun(): { dataset: Dataset; options: RunOptions } {
  const days = tradingDays('2018-12-31', 60);
  return {
    dataset: datasetOf({
      AAA: { bars: intradayBars(1, days, 10), resolutionS: 600 },
      BBB: { bars: intradayBars(2, days, 10), resolutionS: 600 },
    }),
    options: {
      profile: 'plain',
      strategy: 'sma-cross',
      params: { fast: 3, slow: 9 },
      sizing: { kind: 'fixed', quantity: 10 },
    },
  };
}
