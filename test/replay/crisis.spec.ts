/** The demo's stand-in through the crisis of 2008, with the put protocol and without it (vega-datasets 3.2.1). */
import { describe, expect, test } from 'vitest';
import { causalChain } from '../../replay/why.ts';
import demoConfig from '../../src/cli/demo.config.json' with { type: 'json' };
import { dayToMicros } from '../../src/domain/exchange-calendar.ts';
import type { RegimeChanged } from '../../src/events/decision.events.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { OrderFilled, OrderIntended } from '../../src/events/order.events.ts';
import { projectRun } from '../../src/projections/run-projection.ts';
import { type DayBar, datasetOf } from '../../src/testing/dataset-of.ts';
import { runEngine } from '../engine/engine-run.ts';
import { sp500Days } from '../engine/markets.ts';

const { symbol, scale } = demoConfig.dataset;
const scaled = ({ day, open, high, low, close, volume }: DayBar): DayBar => ({
  day,
  open: open * scale,
  high: high * scale,
  low: low * scale,
  close: close * scale,
  volume,
});
/** Two years to warm up in, then 2007 to 2009. */
const bars = sp500Days()
  .filter(({ day }) => day >= '2005-01-01' && day < '2010-01-01')
  .map(scaled);
const market = datasetOf({ [symbol]: { bars, assetClass: 'index' } });
const runWith = (hedge: boolean) => {
  const { core, benchmark } = demoConfig;
  return runEngine([market], { core, benchmark, hedge, tradeFrom: dayToMicros('2007-01-03') });
};
const hedged = runWith(true);
const bare = runWith(false);
const drawdownOf = ({ sessions: [{ log }] }: typeof hedged): number =>
  projectRun(log.cursor()).samples.drawdown.depth;

describe('2007 to 2009', () => {
  test('the drawdown is smaller with the hedge than without it, and the hedge is the only difference', () => {
    const rolesOf = (run: typeof hedged) =>
      new Set(
        run.events
          .filter(({ type }) => type === OrderIntended.type)
          .map(({ payload }) => (payload as OrderIntended).role),
      );
    expect(rolesOf(hedged)).toContain('hedge');
    expect(rolesOf(bare)).not.toContain('hedge');
    expect(drawdownOf(bare)).toBeGreaterThan(0.25);
    expect(drawdownOf(hedged)).toBeLessThan(drawdownOf(bare));
  });

  test('a hedge goes back to the break of the structure, and the break to the bar that broke it', () => {
    const { log } = hedged.sessions[0];
    const { events } = hedged;
    const orders = new Map(
      events
        .filter(({ type }) => type === OrderIntended.type)
        .map(({ payload }) => [(payload as OrderIntended).ordinal, payload as OrderIntended]),
    );
    const fills = events.filter(({ type, payload }) => {
      return type === OrderFilled.type && orders.get((payload as OrderFilled).ordinal)?.action === 'hedge';
    });
    expect(fills.length).toBeGreaterThan(3);
    const symbols = new Map([[0, symbol]]);
    const reader = {
      event: (seq: number) => {
        const cursor = log.cursor({ from: seq });
        const what = cursor.next();
        const event = what === 2 ? (cursor.event as StoredEvent) : null;
        const tick = what === 1 ? cursor.tick : null;
        return { seq, event, tick } as never;
      },
    };
    for (const { seq } of fills) {
      const chain = causalChain(reader, symbols, seq);
      expect(chain[0].type).toBe('bar');
      expect(chain.map(({ type }) => type)).toEqual(
        expect.arrayContaining(['bar', 'HedgeSized', 'IntentDeferred', 'OrderIntended', 'OrderFilled']),
      );
      const basis = chain.flatMap((link) => link.basis).filter(({ type }) => type === 'RegimeChanged');
      const broken = basis
        .map((link) => events.find((each) => each.seq === link.seq) as StoredEvent<RegimeChanged>)
        .find(({ payload }) => payload.region === 'structure');
      expect(broken?.payload).toMatchObject({ symbol, to: 'broken' });
      const [bar] = causalChain(reader, symbols, broken!.seq);
      expect(bar.type).toBe('bar');
      // What broke was broken by its own day's close, on the day of the hedge's decision or before.
      expect(bar.seq).toBeLessThanOrEqual(chain[0].seq);
      const { close, rangeLow, atr, dayReturn, sigmaBefore } = broken!.payload.evidence;
      const gaveWay = close! < rangeLow! - 0.5 * atr! || dayReturn! < -3 * sigmaBefore!;
      expect(gaveWay).toBe(true);
    }
  });
});
