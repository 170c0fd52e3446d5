/** What Yahoo shows while a primary feed is away, through the real client package and a local server. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { YahooView, type YahooViewOptions } from '../../../src/adapters/yahoo/yahoo-view.ts';
import type { InputLane } from '../../../src/bus/ports.ts';
import type { NewInput } from '../../../src/events/define-event.ts';
import type { StoredEvent } from '../../../src/events/envelope.ts';
import { FeedStatusChanged } from '../../../src/events/feed.events.ts';
import { SteppedClock } from '../../live/stepped-clock.ts';
import { answerOf, chartOf, noSuchSymbol, recorded, recordedFolder, yahooServer } from './yahoo-server.ts';

const NOW = Date.parse('2026-11-20T18:00:00Z') * 1_000;

const days = [
  { at: '2026-11-18T14:30:00Z', close: 98 },
  { at: '2026-11-19T14:30:00Z', close: 99 },
  { at: '2026-11-20T14:30:00Z', close: 100 },
];
const plain = (symbol: string) => answerOf(chartOf(symbol, 100, '2026-11-20T17:59:58Z', days));

interface Heard {
  readonly type: string;
  readonly payload: Record<string, unknown>;
  readonly from: { readonly source: string; readonly time?: number; readonly causation?: number | null };
}

/** A view on a clock that the test moves, and the virtual seconds since its start at which Yahoo was called. */
function viewOf(url: string, symbols: readonly string[], more: Partial<YahooViewOptions> = {}) {
  const clock = new SteppedClock(NOW);
  const heard: Heard[] = [];
  const calls: number[] = [];
  let flying = 0;
  const lane = {
    input: (event: NewInput, from: Heard['from']) =>
      heard.push({ type: event.type, payload: event.payload as Heard['payload'], from }),
  } as unknown as InputLane;
  const counted: typeof fetch = async (input, init) => {
    calls.push((clock.now() - NOW) / 1e6);
    flying++;
    try {
      const answer = await fetch(input, init);
      const text = await answer.text();
      return new Response(text, answer);
    } finally {
      flying--;
    }
  };
  const view = new YahooView({ lane, clock, url, fetch: counted, symbolsOf: () => symbols, ...more });
  const quiet = async (hangs = false) => {
    for (let still = 0; still < 5; still = flying === 0 || hangs ? still + 1 : 0)
      await new Promise((resolve) => setImmediate(resolve));
  };
  const tell = (feed: string, to: string) =>
    view.perform({
      seq: 77,
      type: FeedStatusChanged.type,
      payload: { feed, from: 'stale', to, reason: 'silence' },
    } as StoredEvent);
  return {
    clock,
    view,
    calls,
    tell,
    quiet,
    async advance(ms: number, stepMs = 50, hangs = false) {
      for (let past = 0; past < ms; past += stepMs) {
        clock.advance(stepMs);
        await quiet(hangs);
      }
    },
    quotes: () => heard.filter(({ type }) => type === 'ViewQuoted'),
    statuses: () =>
      heard.filter(({ type }) => type === 'ViewSourceChanged').map(({ payload }) => String(payload.status)),
    detail: () => String(heard.findLast(({ type }) => type === 'ViewSourceChanged')?.payload.detail),
    heard,
  };
}

test('nothing is asked before a failover, and nothing after the feed is live again', async () => {
  const server = await yahooServer(({ symbol }) => plain(symbol));
  const { advance, tell, statuses, calls } = viewOf(server.url, ['SPY']);
  tell('stocks', 'stale');
  tell('orders', 'failover');
  await advance(10_000);
  expect(calls).toHaveLength(0);
  tell('stocks', 'failover');
  await advance(10_000);
  expect(calls.length).toBeGreaterThan(1);
  const before = calls.length;
  tell('stocks', 'recovering');
  await advance(10_000);
  expect(calls.length).toBeGreaterThan(before);
  tell('stocks', 'live');
  const atLive = calls.length;
  await advance(60_000);
  expect(calls).toHaveLength(atLive);
  expect(statuses()).toEqual(['polling', 'idle']);
});

test('a quote carries the price, its own time, the close before, and the decision that asked for it', async () => {
  const server = await yahooServer(({ symbol }) => plain(symbol));
  const { advance, tell, quotes } = viewOf(server.url, ['SPY']);
  tell('stocks', 'failover');
  await advance(20_000);
  const asOf = Date.parse('2026-11-20T17:59:58Z') * 1_000;
  // Unchanged prices are not said again.
  expect(quotes()).toEqual([
    {
      type: 'ViewQuoted',
      payload: { symbol: 'SPY', viewPx: 100, asOf, previousClosePx: 99 },
      from: { source: 'yahoo', time: asOf, causation: 77 },
    },
  ]);
});

test("symbols are asked in Yahoo's spelling, and one that has none degrades the source by name", async () => {
  const server = await yahooServer(({ symbol }) => plain(symbol));
  const symbols = ['BRK.B', 'BTC/USD', 'AAPL  270115C00250000', 'VIX', 'not a symbol'];
  const { advance, tell, quotes, statuses, detail } = viewOf(server.url, symbols);
  tell('stocks', 'failover');
  await advance(2_000);
  expect(server.asked.map(({ symbol }) => symbol)).toEqual([
    'BRK-B',
    'BTC-USD',
    'AAPL270115C00250000',
    '^VIX',
  ]);
  expect(quotes().map(({ payload }) => payload.symbol)).toEqual(symbols.slice(0, 4));
  expect(statuses()).toEqual(['polling', 'degraded']);
  expect(detail()).toMatch(/^no price for not a symbol \(has no name at Yahoo.*\), since 2026-11-20T18:00:0/);
});

test('no minute has more calls than the budget', async () => {
  const server = await yahooServer(({ symbol }) => plain(symbol));
  const symbols = Array.from(
    { length: 30 },
    (_, i) => `A${String.fromCharCode(65 + (i % 26))}${i > 25 ? 'B' : ''}`,
  );
  const { advance, tell, calls } = viewOf(server.url, symbols, { callsPerMinute: 10 });
  tell('stocks', 'failover');
  await advance(240_000, 250);
  expect(calls.length).toBeGreaterThanOrEqual(40);
  // A call is seen at the end of the clock's step, up to a quarter of a second after it was made.
  for (const start of calls) {
    const within = calls.filter((each) => each >= start && each < start + 59.7).length;
    expect(within).toBeLessThanOrEqual(10);
  }
});

describe('when Yahoo fails too, it is said and asked more and more seldom', () => {
  const failing: readonly [string, number, string][] = [
    ['403', 403, 'Yahoo answered 403'],
    ['429', 429, 'Yahoo answered 429: Too Many Requests'],
    ['500', 500, 'Yahoo answered 500'],
  ];
  test.each(failing)('%s', async (_, status, sentence) => {
    const server = await yahooServer((_asked, response) => {
      response.writeHead(status).end(status === 429 ? 'Too Many Requests\r\n' : '');
      return undefined;
    });
    const { advance, tell, quotes, statuses, detail, calls } = viewOf(server.url, ['SPY', 'QQQ']);
    tell('stocks', 'failover');
    await advance(400_000, 250);
    expect(quotes()).toEqual([]);
    expect(statuses()).toEqual(['polling', 'degraded', 'failed']);
    expect(detail()).toContain(sentence);
    const gaps = calls.slice(1).map((at, i) => at - calls[i]);
    for (const [i, gap] of gaps.entries()) {
      const wanted = Math.min(60, 2 ** i);
      expect(gap).toBeGreaterThanOrEqual(wanted * 0.8 - 0.3);
      expect(gap).toBeLessThanOrEqual(wanted * 1.2 + 0.3);
    }
    expect(gaps.length).toBeGreaterThan(6);
  });

  test('silence, until the time-out', async () => {
    const server = await yahooServer(() => undefined);
    const { advance, tell, statuses, detail, quotes } = viewOf(server.url, ['SPY'], { timeoutMs: 2_000 });
    tell('stocks', 'failover');
    await advance(20_000, 100, true);
    expect(quotes()).toEqual([]);
    expect(statuses()).toEqual(['polling', 'degraded', 'failed']);
    expect(detail()).toContain('did not answer within 2000 ms');
  });

  test('nobody there', async () => {
    const server = await yahooServer(() => undefined);
    server.stop();
    const { advance, tell, statuses, detail } = viewOf(server.url, ['SPY']);
    tell('stocks', 'failover');
    await advance(10_000);
    expect(statuses()).toEqual(['polling', 'degraded', 'failed']);
    expect(detail()).toContain('cannot be reached');
  });

  test('and it recovers by itself', async () => {
    let broken = true;
    const server = await yahooServer(({ symbol }, response) => {
      if (!broken) return plain(symbol);
      response.writeHead(503).end();
      return undefined;
    });
    const { advance, tell, statuses, quotes } = viewOf(server.url, ['SPY']);
    tell('stocks', 'failover');
    await advance(20_000);
    broken = false;
    await advance(70_000, 250);
    expect(statuses()).toEqual(['polling', 'degraded', 'failed', 'polling']);
    expect(quotes()).toHaveLength(1);
  });
});

describe('an answer that is not of the form gives no price, never a zero', () => {
  const whole = () => chartOf('SPY', 100, '2026-11-20T17:59:58Z', days);
  const without = (field: string) => {
    const chart = whole();
    delete chart.meta[field];
    return answerOf(chart);
  };
  const withPx = (px: unknown) => answerOf({ ...whole(), meta: { ...whole().meta, regularMarketPrice: px } });
  const answers: readonly [string, string][] = [
    ['no price', without('regularMarketPrice')],
    ['no time', without('regularMarketTime')],
    ['a price of 0', withPx(0)],
    ['a negative price', withPx(-1)],
    ['a price in words', withPx('hundred')],
    ['null', withPx(null)],
    ['half an answer', plain('SPY').slice(0, 200)],
    ['an empty answer', ''],
    ['HTML', '<html>consent</html>'],
    ['JSON null', 'null'],
    ['another root', '{"spark":{"result":[]}}'],
    ['no result', '{"chart":{"result":[],"error":null}}'],
    ['result null', '{"chart":{"result":null,"error":null}}'],
    ['a symbol it does not know', noSuchSymbol],
    ['a time in a year', answerOf(chartOf('SPY', 100, '2027-11-20T17:59:58Z', days))],
  ];
  test.each(answers)('%s', async (_, body) => {
    const server = await yahooServer(({ symbol }) => (symbol === 'QQQ' ? plain(symbol) : body));
    const { advance, tell, quotes, statuses, detail } = viewOf(server.url, ['SPY', 'QQQ']);
    tell('stocks', 'failover');
    await advance(4_000);
    expect(quotes().map(({ payload }) => payload.symbol)).toEqual(['QQQ']);
    expect(statuses()).toEqual(['polling', 'degraded']);
    expect(detail()).toMatch(/^no price for SPY \(Yahoo.*\), since /s);
    expect(detail().length).toBeLessThan(400);
  });

  test('every field of the answer taken away or turned to null is a price or a named fault', async () => {
    const chart = whole();
    const bodies: string[] = [];
    for (const field of Object.keys(chart.meta)) {
      bodies.push(without(field), answerOf({ ...chart, meta: { ...chart.meta, [field]: null } }));
    }
    for (const field of ['meta', 'timestamp', 'indicators'] as const) {
      bodies.push(answerOf({ ...chart, [field]: undefined }), answerOf({ ...chart, [field]: null }));
    }
    let n = 0;
    const server = await yahooServer(() => bodies[n++ % bodies.length]);
    const { advance, tell, quotes, heard } = viewOf(server.url, ['SPY'], {
      roundMs: 1,
      callsPerMinute: 10_000,
    });
    tell('stocks', 'failover');
    while (n < bodies.length) await advance(60_000, 30_000);
    for (const { payload } of quotes()) expect(payload.viewPx).toBe(100);
    expect(heard.length).toBeGreaterThan(10);
  });
});

test('after stop nothing is handed in, not even what is on its way, and no timer waits', async () => {
  const server = await yahooServer(({ symbol }) => plain(symbol));
  const { advance, tell, view, clock, heard, quiet } = viewOf(server.url, ['SPY']);
  tell('stocks', 'failover');
  clock.advance(1);
  await view.stop();
  const before = heard.length;
  await quiet();
  await advance(20_000);
  tell('stocks', 'failover');
  expect(heard).toHaveLength(before);
  expect(clock.pending).toBe(0);
});

test.skipIf(!existsSync(recordedFolder))(
  'answers recorded from Yahoo (shared/data/yahoo) give prices',
  async () => {
    const files: Readonly<Record<string, string>> = {
      AAPL: 'chart-AAPL.json',
      QQQ: 'chart-QQQ-2020-01-01-to-2020-01-03.json',
      'BTC-USD': 'chart-BTC-USD-2020-01-01-to-2020-01-03.json',
      AMZN: 'chart-AMZN-2020-01-01-to-2020-01-03.json',
      // No times but prices: the form of neither a quiet nor a busy day.
      CRON: 'chart-notimestamp-weird-quote.fake.json',
      ABBV: 'chart-notimestamp-quotes-length.fake.json',
    };
    const server = await yahooServer(({ symbol }) => recorded(files[symbol]));
    const symbols = ['AAPL', 'QQQ', 'BTC/USD', 'AMZN', 'CRON', 'ABBV'];
    const { advance, tell, quotes, detail } = viewOf(server.url, symbols);
    tell('stocks', 'failover');
    await advance(3_000);
    expect(quotes().map(({ payload: { symbol, viewPx } }) => [symbol, viewPx])).toEqual([
      ['AAPL', 220.003],
      ['QQQ', 539.52],
      ['BTC/USD', 97_208.17],
      ['AMZN', 226.63],
    ]);
    expect(detail()).toContain('no price for CRON (');
  },
);
