/** The market data feed dies in mid-session: what becomes of orders, what people see, and how trading comes back. */
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { dayToMicros } from '../../src/domain/exchange-calendar.ts';
import type { PayloadOf } from '../../src/events/define-event.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import type {
  FeedGapDetected,
  FeedStatusChanged,
  ViewQuoted,
  ViewSourceChanged,
} from '../../src/events/feed.events.ts';
import { ViewMarks } from '../../src/projections/view-marks.ts';
import { answerOf, chartOf, yahooServer } from '../adapters/yahoo/yahoo-server.ts';
import { Rig } from './rig.ts';

const alwaysLong = fileURLToPath(new URL('./strategies/always-long.ts', import.meta.url));
const at = (day: string, hour: number, minute: number, second = 0): number =>
  dayToMicros(day) + (((hour + 5) * 60 + minute) * 60 + second) * 1_000_000; // winter in New York

let rig: Rig;
afterEach(() => rig.close());

/** An engine whose entry stands at the venue, in the morning of the second day, with a view source at `viewUrl`. */
async function withOrder(viewUrl: string): Promise<void> {
  rig = new Rig({
    startAt: at('2026-11-17', 15, 50),
    strategy: alwaysLong,
    run: { instruments: 'equity', hedge: false },
    // A wide, slow market: an order stands inside it until somebody moves.
    market: { halfSpread: 0.0009, quotesPerSecond: 1 },
    venue: { limits: { insideChance: 0 } },
    settings: { viewUrl },
  });
  await rig.skipTo(at('2026-11-17', 15, 59, 40));
  await rig.start();
  await rig.until('the close', () => rig.ofType('MarketClosed').length === 1);
  await rig.advance(500);
  await rig.stop();
  await rig.skipTo(at('2026-11-18', 9, 34, 55));
  await rig.start();
  const stands = () =>
    [...rig.engine.session!.core.actors.orders.working()].some(({ state }) => state.status === 'accepted');
  await rig.until('an order', stands, 30_000);
}

const stocksTo = (state: string): StoredEvent | undefined =>
  rig.ofType('FeedStatusChanged').find(({ payload, seq }) => {
    const { feed, to } = payload as FeedStatusChanged;
    return feed === 'stocks' && to === state && seq > diedAfter;
  });
/** The last event before the feed died. */
let diedAfter = 0;
const since = (type: string): StoredEvent[] => rig.ofType(type).filter(({ seq }) => seq > diedAfter);

function freeze(forMs: number): number {
  diedAfter = rig.engine.session!.core.kernel.seq;
  rig.venue.inject({ kind: 'freeze', stream: 'stocks', forMs });
  return rig.clock.now();
}

test('the primary dies: its orders are taken back, Yahoo is shown, nothing is sent, and after the gap is filled trading goes on', async () => {
  const yahoo = await yahooServer(({ symbol }) => answerOf(chartOf(symbol, 412.34, '2026-11-18T14:35:00Z')));
  await withOrder(yahoo.url);
  const [{ intended }] = [...rig.engine.session!.core.actors.orders.working()];
  const askPx = intended.limitPx!;
  rig.venue.market.post('SPY', { askPx, askSize: 3, bidPx: askPx - 0.02, bidSize: 3 });
  await rig.until('a part of it', () => rig.ofType('OrderFilled').length === 1, 5_000);
  const diedAt = freeze(90_000);

  await rig.until('stale', () => stocksTo('stale') !== undefined, 5_000);
  // The last quote before it may have been a second old.
  expect(stocksTo('stale')!.recordedAt - diedAt).toBeLessThanOrEqual(2_250_000);
  await rig.until('no working order', () => rig.engine.health().workingOrders === 0, 5_000);
  expect(rig.venue.counters.liveOrders).toEqual([]);
  const quietFrom = rig.engine.session!.core.kernel.seq;

  await rig.until('prices to look at', () => since('ViewQuoted').length > 0, 15_000);
  expect(stocksTo('failover')).toBeDefined();
  expect(since('ViewQuoted')[0].payload as ViewQuoted).toMatchObject({ symbol: 'SPY', viewPx: 412.34 });
  const views = new ViewMarks();
  for (const event of rig.events) views.event(event);
  expect(views.at(rig.clock.now())).toMatchObject([{ symbol: 'SPY', px: 412.34, viewOnly: true }]);
  expect(rig.engine.health().feeds).toMatchObject({ stocks: 'failover', orders: 'live' });

  rig.engine.command('flatten', 'the test', null);
  await rig.until('data again', () => stocksTo('live') !== undefined, 120_000);
  const between = rig.events.filter(({ seq }) => seq > quietFrom && seq < stocksTo('live')!.seq);
  expect(between.filter(({ type }) => type === 'SubmitAttempted')).toEqual([]);
  const gap = since('FeedGapDetected')[0].payload as PayloadOf<typeof FeedGapDetected>;
  expect(gap.from).toBeGreaterThanOrEqual(diedAt - 1_000_000);
  expect(gap.from).toBeLessThanOrEqual(diedAt);
  expect(gap.to - diedAt).toBeGreaterThanOrEqual(88_000_000);
  expect(since('BackfillEnded').at(-1)!.payload).toMatchObject({ feed: 'stocks', failed: null });
  expect((since('BackfillEnded').at(-1)!.payload as { bars: number }).bars).toBeGreaterThan(0);

  await rig.until('the exit that waited', () => rig.venue.account.qtyOf('SPY') === 0, 60_000);
  expect((since('ViewSourceChanged').at(-1)!.payload as PayloadOf<typeof ViewSourceChanged>).status).toBe(
    'idle',
  );
  await rig.stop();
  expect(await rig.replays()).toEqual([]);
}, 120_000);

test('Yahoo fails, too: that is told, nobody trades, and the primary brings everything back', async () => {
  const yahoo = await yahooServer((_, response) => {
    response.statusCode = 503;
    return 'out of order';
  });
  await withOrder(yahoo.url);
  freeze(40_000);
  const said = () =>
    since('ViewSourceChanged').map(({ payload }) => (payload as PayloadOf<typeof ViewSourceChanged>).status);
  await rig.until('degraded', () => said().includes('degraded'), 20_000);
  await rig.until('failed', () => said().includes('failed'), 30_000);
  expect(since('ViewQuoted')).toEqual([]);
  expect(rig.engine.health().workingOrders).toBe(0);
  await rig.until('data again', () => stocksTo('live') !== undefined, 120_000);
  await rig.advance(1_000);
  expect(said().at(-1)).toBe('idle');
  await rig.stop();
  expect(await rig.replays()).toEqual([]);
}, 120_000);
