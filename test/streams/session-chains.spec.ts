import { describe, expect, test } from 'vitest';
import { configSchema } from '../../src/domain/config.ts';
import { dayToMicros, tradingSession } from '../../src/domain/exchange-calendar.ts';
import { Tick, TickKind } from '../../src/events/tick.ts';
import { SessionChains } from '../../src/streams/session-chains.ts';
import { runSpec } from '../engine/engine-run.ts';

const CALL = 'A     110318C00100000';
const PUT = 'A     110318P00100000';
const DAY = '2011-02-01';

/** Chains of A at 103 dollars, at a close or at the hours after it. */
function chainsOf(recorded: readonly string[], config: unknown = {}) {
  const state = { now: tradingSession('XNYS', DAY)!.close, spot: 103 as number | undefined, realized: 0.2 };
  const chains = new SessionChains(runSpec({ config }), ['A'], {
    now: () => state.now,
    spotOf: (symbol) => (symbol === 'A' ? state.spot : undefined),
    realized: () => state.realized,
  });
  const hear = (type: string, payload: unknown) => chains.hear({ type, payload, recordedAt: state.now });
  hear('SessionStarted', { mode: 'sim' });
  const definition = { calendar: 'XNYS', resolutionS: null, priceSource: 'quotes' };
  hear('SymbolDefined', { ...definition, id: 0, symbol: 'A', assetClass: 'equity', multiplier: 1 });
  recorded.forEach((symbol, i) => {
    hear('SymbolDefined', { ...definition, id: i + 1, symbol, assetClass: 'option', multiplier: 100 });
    hear('ContractDefined', { symbol, underlying: 'A', style: 'american', settlement: 'physical' });
  });
  const quote = (symbol: string, bidPx: number, askPx: number, time = state.now) =>
    chains.quoted(
      symbol,
      Object.assign(new Tick(), { kind: TickKind.quote, bidPx, askPx, time, recordedAt: state.now }),
    );
  return { chains, state, hear, quote };
}

test('a quote that was asked for late is as old as its venue says, each time it is told', () => {
  const { chains, state, quote } = chainsOf([CALL]);
  const quotedAt = state.now;
  for (const minutes of [0, 5, 10]) {
    state.now = quotedAt + minutes * 60_000_000;
    quote(CALL, 5, 5.2, quotedAt);
    expect(state.now - chains.quote(CALL)!.quotedAt).toBeGreaterThanOrEqual((minutes * 60 - 1) * 1_000_000);
  }
});

describe('a mark', () => {
  test('is the midpoint of a two-sided quote', () => {
    const { chains, quote } = chainsOf([CALL]);
    expect(chains.quote(CALL)).toBeNull();
    quote(CALL, 5, 5.2);
    expect(chains.mark(CALL)).toBe(5.1);
  });

  test('is what exercise gives where nobody bids, whatever a stub asks', () => {
    const { chains, quote } = chainsOf([CALL, PUT]);
    quote(CALL, 0, 99_999);
    quote(PUT, 0, 4.8);
    expect(chains.mark(CALL)).toBe(3);
    expect(chains.mark(PUT)).toBe(0);
    expect(chains.greeks(CALL)).toBeNull();
  });

  test('is the larger of bid and exercise where nobody offers', () => {
    const { chains, quote } = chainsOf([CALL]);
    quote(CALL, 3.4, 0);
    expect(chains.mark(CALL)).toBe(3.4);
    quote(CALL, 1, 0);
    expect(chains.mark(CALL)).toBe(3);
  });

  test('is exercise alone once the contract has settled, and unknown without a price of the underlying', () => {
    const { chains, state, quote } = chainsOf([CALL]);
    quote(CALL, 5, 5.2);
    state.now = tradingSession('XNYS', '2011-03-18')!.close;
    expect(chains.quote(CALL)).toBeNull();
    expect(chains.mark(CALL)).toBe(3);
    state.spot = undefined;
    expect(chains.mark(CALL)).toBeUndefined();
    expect(chains.mark('A')).toBeUndefined();
  });
});

describe('recorded quotes', () => {
  test('out of order do not become the market of now', () => {
    const { chains, state, quote } = chainsOf([CALL]);
    quote(CALL, 5, 5.2);
    quote(CALL, 1, 1.2, state.now - 1);
    expect(chains.quote(CALL)).toMatchObject({ bidPx: 5, askPx: 5.2, underlyingPx: 103, openInterest: null });
  });

  test('give greeks at the volatility they imply and the price of now', () => {
    const { chains, state, quote } = chainsOf([CALL]);
    quote(CALL, 5, 5.2);
    const before = chains.greeks(CALL)!;
    state.spot = 110;
    const after = chains.greeks(CALL)!;
    expect(after.impliedVol).toBe(before.impliedVol);
    expect(after.delta).toBeGreaterThan(before.delta);
  });

  test('of a contract nobody recorded are none, though its terms are known', () => {
    const { chains } = chainsOf([CALL]);
    expect(chains.contract(PUT)).toMatchObject({
      underlying: 'A',
      right: 'put',
      strike: 100,
      multiplier: 100,
    });
    expect(chains.quote(PUT)).toBeNull();
    expect(chains.greeks(PUT)).toBeNull();
  });

  test('take their open interest from the snapshot they belong to', () => {
    const { chains, hear, quote } = chainsOf([CALL, PUT]);
    quote(CALL, 5, 5.2);
    quote(PUT, 2, 2.1);
    hear('ChainRecorded', {
      underlying: 'A',
      underlyingPx: 103,
      openInterest: [
        [CALL, 40],
        [PUT, null],
      ],
    });
    expect(chains.quote(CALL)?.openInterest).toBe(40);
    expect(chains.quote(PUT)?.openInterest).toBeNull();
    expect(chains.volatility('A')).toMatchObject({ sessions: 1, rank: null, percentile: null });
  });
});

describe('volatility', () => {
  const modelled = (vol: number, day: string) => ({
    underlying: 'A',
    day,
    vol,
    from: 'fitted',
    evidence: {},
  });

  test('is unknown before its first day, and has no rank before its history is long enough', () => {
    const { chains, hear } = chainsOf([]);
    expect(chains.volatility('A')).toBeNull();
    const { rankHistoryMin } = configSchema.parse({}).guard;
    for (let i = 1; i <= rankHistoryMin; i++) {
      const day = new Date(dayToMicros(DAY) / 1_000 + i * 86_400_000).toISOString().slice(0, 10);
      hear('VolatilityModelled', modelled(0.2 + i / 1_000, day));
      const { rank, percentile, sessions } = chains.volatility('A')!;
      expect(sessions).toBe(i);
      expect([rank, percentile]).toEqual(i < rankHistoryMin ? [null, null] : [1, 1]);
    }
  });

  test('has no ratio to a market that has not moved, or has too few bars', () => {
    const { chains, state, hear } = chainsOf([]);
    hear('VolatilityModelled', modelled(0.3, DAY));
    expect(chains.volatility('A')!.ratio).toBeCloseTo(1.5, 12);
    state.realized = 0;
    expect(chains.volatility('A')!.ratio).toBeNull();
  });

  test('is of a symbol without options nothing', () => {
    const { chains, hear } = chainsOf([], { options: { chain: 'none' } });
    hear('VolatilityModelled', modelled(0.3, DAY));
    expect(chains.volatility('A')).toBeNull();
    expect(chains.covers('B')).toBe('none');
  });
});
