/**
 * A made-up run over real prices with everything a report can show: regimes, a core holding, hedges, fees, denied orders,
 * a standing selection. Its rules are toys; only the shape of its events matters.
 */
import { configSchema } from '../../src/domain/config.ts';
import type { RunProjection } from '../../src/projections/run-projection.ts';
import { type Bar, closeOf, Feeder, openOf, plainSpec } from './simulated-run.ts';

export function richRun(bars: readonly Bar[], symbol = 'SP500'): RunProjection {
  const feeder = new Feeder();
  const run = plainSpec({
    profile: 'quantos',
    strategy: { name: 'conviction', file: null, sha256: null, params: {} },
    config: configSchema.parse({ selector: { riskPerTrade: 0.02 } }),
    benchmark: symbol,
    core: [{ symbol, fraction: 0.6 }],
    sizing: { kind: 'risk' },
    execution: 'midpoint',
    finalize: false,
    hedge: true,
    risk: true,
    exits: true,
  });
  const modelled = [
    'Bars carry no quotes: the spread of shares is modelled as 1 basis point on each side.',
    'No dividends are paid and cash earns nothing.',
  ];
  feeder.at(openOf(bars[0].day)).start(run, [symbol], { modelled });
  feeder.event('input', 'CoreDeclared', {
    symbol,
    quantity: Math.floor(60_000 / bars[0].open),
    px: bars[0].open,
  });
  const state = { trend: 'warmingUp', structure: 'intact', volatility: 'calm' };
  const change = (region: keyof typeof state, to: string) => {
    if (state[region] === to) return;
    feeder.event('decision', 'RegimeChanged', { symbol, region, from: state[region], to, evidence: {} });
    state[region] = to;
  };
  const averageOf = (i: number, n: number) =>
    bars.slice(i - n + 1, i + 1).reduce((sum, b) => sum + b.close, 0) / n;
  let held = 0;
  let hedged = 0;
  let pending: (() => void) | null = null;
  bars.forEach((bar, i) => {
    feeder.at(openOf(bar.day));
    pending?.();
    pending = null;
    feeder.at(closeOf(bar.day)).bar(bar);
    if (i < 200) {
      feeder.closed(bar.day);
      return;
    }
    const slow = averageOf(i, 200);
    const fast = averageOf(i, 50);
    const low = Math.min(...bars.slice(i - 50, i).map((b) => b.close));
    change(
      'trend',
      bar.close > slow * 1.01 && fast > slow
        ? 'bull'
        : bar.close < slow * 0.99 && fast < slow
          ? 'bear'
          : 'range',
    );
    if (bar.close < low * 0.985) change('structure', 'broken');
    else if (bar.close > fast) change('structure', 'intact');
    change('volatility', Math.abs(bar.close / bars[i - 5].close - 1) > 0.06 ? 'stressed' : 'calm');
    feeder.closed(bar.day);
    const open = bars[i + 1]?.open ?? bar.close;
    if (held === 0 && state.trend === 'bull' && i % 7 === 0) {
      held = Math.floor(30_000 / open);
      const quantity = held;
      pending = () => feeder.order('enter', { symbol, side: 'buy', quantity, px: open, fee: 1 });
    } else if (held > 0 && bar.close < fast * 0.97) {
      const quantity = held;
      held = 0;
      const reason = state.trend === 'bull' ? 'conviction' : 'regime';
      feeder.event('decision', 'ExitTriggered', { symbol, plan: 'equity', reason, tests: [] });
      pending = () => feeder.order('exit', { symbol, side: 'sell', quantity, px: open, fee: 1 });
    } else if (hedged === 0 && state.structure === 'broken') {
      hedged = 15;
      pending = () =>
        feeder.order('hedge', { symbol, side: 'sell', quantity: 15, px: open, role: 'hedge', fee: 1 });
    } else if (hedged > 0 && state.structure === 'intact') {
      hedged = 0;
      pending = () =>
        feeder.order('hedge', { symbol, side: 'buy', quantity: 15, px: open, role: 'hedge', fee: 1 });
    }
    if (i % 900 === 0) {
      feeder.event('decision', 'OrderDenied', {
        ordinal: null,
        intent: null,
        symbol,
        reason: 'symbolCap',
        tests: [],
      });
    }
  });
  feeder.event('decision', 'ConvictionChanged', {
    strategy: 'conviction',
    symbol,
    direction: 'long',
    conviction: 57,
    components: [],
    omitted: [],
    evidence: {},
  });
  feeder.event('decision', 'SelectionMade', {
    symbol,
    choice: 'nothing',
    tests: [
      { test: 'trend', value: 'bear', limit: 'bull', pass: false },
      { test: 'conviction', value: 57, limit: 60, pass: false },
    ],
    reason: 'conviction is below the threshold for shares',
  });
  return feeder.projection.finish();
}
