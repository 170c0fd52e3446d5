/** Markets on which the properties once failed, as they were shrunk. */
import { expect, test } from 'vitest';
import type { RunSpec } from '../../src/domain/config.ts';
import { builtInStrategies } from '../../src/strategies/built-in.ts';
import { engineInvariants } from '../../src/testing/invariants.ts';
import { runMarket, runSpecOf, shortWindows } from '../../src/testing/run-market.ts';

const HOUR_US = 3_600_000_000;
const FIRST_US = 1_577_979_000_000_000; // 2020-01-02 10:30 in New York

/** One symbol, hourly, from open to close. */
const hours = (...bars: readonly (readonly [open: number, close: number])[]) => ({
  AAA: {
    resolutionS: 3_600,
    bars: bars.map(([open, close], i) => ({
      time: FIRST_US + i * HOUR_US,
      open,
      high: Math.max(open, close),
      low: Math.min(open, close),
      close,
      volume: 1_000_000,
    })),
  },
});

const run = (
  name: string,
  params: Record<string, unknown>,
  market: Readonly<Record<string, ReturnType<typeof hours>['AAA']>>,
  over: Partial<RunSpec>,
) => {
  const strategy = builtInStrategies.get(name)!;
  runMarket(strategy, market, runSpecOf(strategy, { params, ...over }), engineInvariants);
};

test('a signal to leave and the last open do not sell a position twice, core holding included', () => {
  const market = hours([100, 102], [102, 104], [104, 104], [104, 103], [103, 105], [105, 105]);
  const core = [{ symbol: 'AAA', fraction: 0.5 }];
  run('rsi-reversion', { bars: 2 }, market, { core, finalize: true });
});

test('two prices in a row a billion times too high fill nothing', () => {
  const market = hours(
    [100, 100],
    [100, 99],
    [99, 100],
    [100, 101],
    [101, 102],
    [102e9, 103e9],
    [103e9, 104e9],
  );
  run('sma-cross', { fast: 2, slow: 3 }, market, { finalize: true });
});

test('a first price no share can have is no price', () => {
  run('buy-and-hold', {}, hours([100e9, 97e9], [97, 94], [94, 94]), {
    sizing: { kind: 'fixed', quantity: 100 },
  });
});

test('a core holding of a symbol that starts later is not bought on credit', () => {
  const { AAA: early } = hours([100, 100], [100, 97], [97, 94], [94, 91], [91, 91]);
  const late = { ...early, bars: early.bars.slice(2) };
  run('buy-and-hold', {}, { AAA: late, BBB: early }, { core: [{ symbol: 'AAA', fraction: 0.5 }] });
});

test('a stop that fills in a gap is not asked to cancel for ever while its report is on the way', () => {
  const opens = [100, 97, 94, 91, 88, 98, 95, 93, 63, 60];
  const bars = opens.map((open, i) => {
    const day = `2020-01-${['02', '03', '06', '07', '08', '10', '13', '14', '15', '16'][i]}`;
    const close = open - (i === 6 ? 2 : 3);
    return { day, open, high: open, low: close, close, volume: i === 5 ? 1e7 : 1e6 };
  });
  const latency = { submitLatencyUs: 40_000, reportLatencyUs: 60_000, latencyJitterUs: 20_000 };
  const exchange = { ...shortWindows.exchange, ...latency };
  const config = { ...shortWindows, exchange };
  const strategy = builtInStrategies.get('conviction')!;
  const { fills } = runMarket(
    strategy,
    { AAA: { resolutionS: 86_400, bars } },
    runSpecOf(strategy, { profile: 'quantos', config }),
    engineInvariants,
  );
  expect(fills).toBe(2);
});
