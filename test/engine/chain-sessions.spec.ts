import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backtest } from '../../replay/backtest.ts';
import { openDataset } from '../../replay/dataset.ts';
import { replay } from '../../replay/replay.ts';
import { tradingSession } from '../../src/domain/exchange-calendar.ts';
import { MarketSource } from '../../src/engine/market-source.ts';
import type { SessionStarted } from '../../src/events/engine.events.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import type { VolatilityModelled } from '../../src/events/option.events.ts';
import { openLogReader } from '../../src/log/log-reader.ts';
import { type DayBar, datasetOf } from '../../src/testing/dataset-of.ts';
import { chainOf, csvOf, importChain, importPrices } from './chains.ts';
import { digestOf, firstDifference, runEngine, runSpec, strategyOf } from './engine-run.ts';
import { intradayBars, tradingDays, wanderingDays } from './markets.ts';

const days = tradingDays('2010-06-01', 400);
const market = wanderingDays(5, days, 100);
const daily = (bars: readonly DayBar[] = market) => datasetOf({ A: { bars: bars } });
const volatilitiesOf = (events: readonly StoredEvent[]): VolatilityModelled[] =>
  events
    .filter(({ type }) => type === 'VolatilityModelled')
    .map(({ payload }) => payload as VolatilityModelled);

describe('a modelled chain', () => {
  test('has a volatility at every close that a year of returns lies before, told before the close', () => {
    const { events, result } = runEngine([daily()]);
    const volatilities = volatilitiesOf(events);
    expect(volatilities.map(({ day }) => day)).toEqual(days.slice(252));
    expect(new Set(volatilities.map(({ from }) => from))).toEqual(new Set(['fitted']));
    const closes = events.filter(({ type }) => type === 'VolatilityModelled' || type === 'MarketClosed');
    const firstAt = closes.findIndex(({ type }) => type === 'VolatilityModelled');
    expect(closes[firstAt + 1].type).toBe('MarketClosed');
    expect(closes[firstAt + 1].recordedAt).toBe(closes[firstAt].recordedAt);
    const { options } = result.core.actors;
    expect(options.covers('A')).toBe('modelled');
    const volatility = options.volatility('A')!;
    expect(volatility.atm).toBe(volatilities.at(-1)!.vol);
    expect(volatility.sessions).toBe(148);
    const atms = volatilities.map(({ vol }) => vol);
    const [least, greatest] = [Math.min(...atms), Math.max(...atms)];
    expect(volatility.rank).toBeCloseTo((atms.at(-1)! - least) / (greatest - least), 12);
    expect(volatility.ratio).toBeGreaterThan(0);
  });

  test('lists third Fridays of the days asked for, and finds a range of deltas as asking each contract would', () => {
    const { options, market: prices } = runEngine([daily()]).result.core.actors;
    for (const right of ['call', 'put'] as const) {
      const listed = options.listed('A', right, { min: 30, max: 90 });
      expect(new Set(listed.map(({ expiry }) => expiry))).toEqual(new Set(['2012-02-18', '2012-03-17']));
      for (const size of [
        { min: 0.5, max: 0.7 },
        { min: 0.3, max: 0.45 },
        { min: 0.05, max: 0.95 },
      ]) {
        const sizeOf = (symbol: string) => Math.abs(options.greeks(symbol)!.delta);
        const asked = listed.filter(({ symbol }) => sizeOf(symbol) >= size.min && sizeOf(symbol) <= size.max);
        expect(options.aroundDelta('A', right, { min: 30, max: 90 }, size)).toEqual(asked);
      }
      const { symbol } = listed.find((each) => options.quote(each.symbol)!.bidPx > 0)!;
      const quote = options.quote(symbol)!;
      expect(quote).toMatchObject({ modelled: true, openInterest: 10_000, underlyingPx: prices.lastPx('A') });
      expect(prices.lastPx(symbol)).toBe((quote.bidPx + quote.askPx) / 2);
      expect([prices.multiplierOf(symbol), prices.calendarOf(symbol)]).toEqual([100, 'XNYS']);
    }
    expect(options.contract('A')).toBeUndefined();
    expect(options.quote('B     120218C00100000')).toBeNull();
  });

  test('follows a volatility index where it has a close that day, and the fit where it has none', () => {
    const level = 21.7;
    const vix: DayBar[] = days
      .filter((_, i) => i !== 300)
      .map((day) => ({ day, open: level, high: level, low: level, close: level }));
    const dataset = datasetOf({ A: { bars: market }, VIX: { bars: vix, assetClass: 'index' } });
    const config = { options: { vixSymbol: 'VIX' } };
    const { events, result } = runEngine([dataset], { config });
    const volatilities = volatilitiesOf(events);
    expect(volatilities).toHaveLength(400);
    const fitted = volatilities.filter(({ from }) => from === 'fitted');
    expect(fitted.map(({ day }) => day)).toEqual([days[300]]);
    expect(volatilities[0]).toMatchObject({
      underlying: 'A',
      from: 'index',
      evidence: { index: level / 100 },
    });
    expect(volatilities[0].vol).toBeCloseTo(0.9 * 0.217, 12);
    expect(result.core.actors.options.covers('VIX')).toBe('none');
    for (const { payload } of events.filter(({ type }) => type === 'SelectionMade')) {
      expect((payload as { symbol: string }).symbol).toBe('A');
    }
  });

  test('is none for crypto, where options are switched off, and where nothing would trade them', () => {
    const crypto = datasetOf({
      A: {
        bars: tradingDays('2010-06-01', 300, '24x7').map((day, i) => ({ ...market[i], day })),
        assetClass: 'crypto',
      },
    });
    const runs = [
      runEngine([crypto]),
      runEngine([daily()], { config: { options: { chain: 'none' } } }),
      runEngine([daily()], { config: { options: { chain: 'recorded' } } }),
      runEngine([daily()], { instruments: 'equity', hedge: false }),
      runEngine([daily()], { profile: 'plain', strategy: 'buy-and-hold' }),
    ];
    for (const { events, result } of runs) {
      expect(volatilitiesOf(events)).toEqual([]);
      expect(result.core.actors.options.covers('A')).toBe('none');
      expect(result.core.actors.options.volatility('A')).toBeNull();
      expect(result.core.actors.options.listed('A', 'call', { min: 0, max: 90 })).toEqual([]);
    }
    const hedged = runEngine([daily()], { instruments: 'equity', hedge: true });
    expect(hedged.result.core.actors.options.covers('A')).toBe('modelled');
  });

  test('has the same volatilities in daily sessions as in one, from day bars and from half hours', () => {
    const halfHours = intradayBars(3, days.slice(0, 290), 30);
    for (const dataset of [
      daily(market.slice(0, 290)),
      datasetOf({ A: { bars: halfHours, resolutionS: 1_800 } }),
    ]) {
      const one = runEngine([dataset]);
      const many = runEngine([dataset], { roll: 'daily' });
      expect(volatilitiesOf(one.events)).toHaveLength(38);
      expect(volatilitiesOf(many.events)).toEqual(volatilitiesOf(one.events));
      expect(firstDifference(many.decisions, one.decisions)).toBeNull();
      expect(digestOf(many.decisions)).toBe(digestOf(one.decisions));
      expect(many.result.core.actors.options.volatility('A')).toEqual(
        one.result.core.actors.options.volatility('A'),
      );
    }
  });

  test('believes no price the engine refuses', () => {
    const i = 300;
    const broken = market.map((bar, at) =>
      at === i ? { ...bar, close: bar.close * 20, high: bar.high * 20 } : bar,
    );
    const { events } = runEngine([daily(broken)]);
    expect(events.some(({ type }) => type === 'TickRejected')).toBe(true);
    expect(volatilitiesOf(events).some(({ day }) => day === days[i])).toBe(false);
    for (const { vol } of volatilitiesOf(events)) expect(vol).toBeLessThan(2);
  });
});

describe('a recorded chain', () => {
  const bars = market.slice(0, 120);
  const volOf = (i: number) => 0.2 + (0.1 * ((i * 7) % 11)) / 11;
  let folder: string;
  let chain: ReturnType<typeof openDataset>;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'quantos-recorded-'));
    chain = openDataset(importChain(folder, csvOf(chainOf(bars, volOf))).out);
  });
  afterAll(() => {
    chain.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('is used instead of a model, and gives the volatility it was quoted at', () => {
    const { events, result } = runEngine([daily(bars), chain], { benchmark: 'A' });
    expect(result.core.kernel.halted).toBeNull();
    expect(volatilitiesOf(events)).toEqual([]);
    expect(events.filter(({ type }) => type === 'ChainRecorded')).toHaveLength(120);
    const { options } = result.core.actors;
    expect(options.covers('A')).toBe('recorded');
    const volatility = options.volatility('A')!;
    expect(volatility.sessions).toBe(120);
    expect(volatility.atm).toBeCloseTo(volOf(119), 2);
    const vols = bars.map((_, i) => volOf(i));
    expect(volatility.rank).toBeCloseTo(
      (volOf(119) - Math.min(...vols)) / (Math.max(...vols) - Math.min(...vols)),
      1,
    );
    const listed = options.listed('A', 'call', { min: 20, max: 60 });
    expect(listed.length).toBeGreaterThan(5);
    for (const { symbol, strike } of listed) {
      const quote = options.quote(symbol)!;
      expect(quote.modelled).toBe(false);
      expect(quote.openInterest).toBe(500);
      const greeks = options.greeks(symbol);
      if (quote.quotedAt === result.core.kernel.now && Math.abs(strike - bars[119].close) < 3)
        expect(greeks?.impliedVol).toBeCloseTo(volOf(119), 1);
    }
  });

  test('decides the same in daily sessions as in one', () => {
    const one = runEngine([daily(bars), chain]);
    const many = runEngine([daily(bars), chain], { roll: 'daily' });
    expect(firstDifference(many.decisions, one.decisions)).toBeNull();
    expect(many.result.core.actors.options.volatility('A')).toEqual(
      one.result.core.actors.options.volatility('A'),
    );
    const marks = (run: typeof one) => {
      const { options } = run.result.core.actors;
      return options
        .listed('A', 'put', { min: 0, max: 90 })
        .map(({ symbol }) => [symbol, options.quote(symbol)]);
    };
    expect(marks(many)).toEqual(marks(one));
  });

  test('lists nothing that was not quoted yet', () => {
    const opened = openDataset(importPrices(folder, bars));
    const { core } = backtest({
      datasets: [opened, chain],
      run: runSpec({ benchmark: 'A' }),
      strategy: strategyOf('conviction'),
      out: null,
      to: tradingSession('XNYS', bars[19].day)!.close,
      session: 'short',
      modelled: [],
    });
    opened.close();
    const quoted = new Set(
      chainOf(bars.slice(0, 20), volOf)
        .filter(({ right, expiry }) => right === 'call' && expiry > bars[19].day)
        .map(({ expiry, strike }) => `${expiry} ${strike}`),
    );
    const listed = core.actors.options.listed('A', 'call', { min: 0, max: 400 });
    expect(new Set(listed.map(({ expiry, strike }) => `${expiry} ${strike}`))).toEqual(quoted);
    expect(chain.contracts!.length).toBeGreaterThan(4 * quoted.size);
  });

  test('stands in for the prices of its underlying only where no other dataset has them', () => {
    const alone = new MarketSource([chain], { to: null });
    expect(alone.symbols[0]).toMatchObject({ symbol: 'A', priceSource: 'bars' });
    alone.close();
    for (const datasets of [
      [daily(bars), chain],
      [chain, daily(bars)],
    ]) {
      const both = new MarketSource(datasets, { to: null });
      let [prints, dayBars] = [0, 0];
      while (both.next()) {
        if (both.event !== null || both.tick.symbolId !== 0) continue;
        if (both.tick.kind === 4) prints++;
        if (both.tick.kind === 3) dayBars++;
      }
      both.close();
      expect([prints, dayBars]).toEqual([120, 120]);
    }
  });

  test('is in the log of its session, which verifies, and its manifest says that it is recorded', async () => {
    const prices = importPrices(folder, bars);
    const opened = openDataset(prices);
    const out = join(folder, 'run.db');
    const { halted, core } = backtest({
      datasets: [opened, chain],
      run: runSpec({ benchmark: 'A' }),
      strategy: strategyOf('conviction'),
      out,
      to: null,
      session: 'run',
      modelled: [],
    });
    opened.close();
    expect(halted).toBeNull();
    expect(core.actors.options.volatility('A')?.sessions).toBe(120);
    const log = openLogReader(out);
    const manifest = log.events({ type: 'SessionStarted' }).next().value!.payload as SessionStarted;
    log.close();
    expect(manifest.symbols).toEqual(['A']);
    expect(manifest.modelled[0]).toContain('Options on A trade on recorded chains');
    const { identical, firstDifference: difference } = await replay(out, { verify: true });
    expect(difference).toBeNull();
    expect(identical).toBe(true);
    const session = openDataset(out);
    expect(session.contracts?.length).toBe(chain.contracts?.length);
    session.close();
  });
});
