import { existsSync, readFileSync } from 'node:fs';
import { fc, test as property } from '@fast-check/vitest';
import { decode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { MarketMapper, type MarketSource } from '../../../src/adapters/alpaca/market-mapper.ts';
import { microsOf } from '../../../src/adapters/alpaca/market-time.ts';
import { TickKind } from '../../../src/events/tick.ts';
import { CREDENTIALS, KeepingLane } from './market-server.ts';

const at = { epochSeconds: 1_700_000_000, nanos: 123_456_789 };
const AT_US = 1_700_000_000_123_456;

function mapping(source: MarketSource = 'alpaca-stocks', ...symbols: string[]) {
  const lane = new KeepingLane(...(symbols.length > 0 ? symbols : ['AAPL', 'SPY', 'STRR', 'DJT', 'SPIP']));
  const redact = (text: string) => text.replaceAll(CREDENTIALS.secret, '***');
  const mapper = new MarketMapper({ source, lane, redact });
  return { lane, mapper, reasons: () => lane.payloads('MessageRejected').map(({ reason }) => reason) };
}

const quote = {
  T: 'q',
  S: 'AAPL',
  bx: 'V',
  bp: 25.41,
  bs: 35,
  ax: 'V',
  ap: 25.43,
  as: 36,
  c: ['R'],
  z: 'B',
  t: at,
};

describe('the frames of the market data streams', () => {
  test('a quote becomes a tick at its microsecond, with both sides and its codes', () => {
    const { lane, mapper } = mapping();
    mapper.frame(quote);
    expect(lane.ticks).toMatchObject([
      {
        kind: TickKind.quote,
        symbolId: 0,
        time: AT_US,
        bidPx: 25.41,
        bidSize: 35,
        askPx: 25.43,
        askSize: 36,
      },
    ]);
    expect(lane.ticks[0].exchangeId).toBeGreaterThan(0);
    expect(lane.ticks[0].conditionsId).toBeGreaterThan(0);
  });

  test('whole numbers of 64 bits count as numbers, and a side that nobody quotes is 0', () => {
    const { lane, mapper } = mapping();
    mapper.frame({ ...quote, bp: 0, bs: 0n, as: 2n ** 40n });
    expect(lane.ticks).toMatchObject([{ bidPx: 0, bidSize: 0, askSize: 2 ** 40 }]);
  });

  test('a trade and a minute become ticks; the minute is dated by its end', () => {
    const { lane, mapper } = mapping();
    mapper.frame({ T: 't', S: 'AAPL', i: 6142n, x: 'V', p: 177.79, s: 90, c: ['@', 'I'], z: 'C', t: at });
    const bar = {
      T: 'b',
      S: 'AAPL',
      o: 177.94,
      c: 178,
      h: 178.1,
      l: 177.9,
      v: 8547,
      t: at,
      n: 66,
      vw: 177.98,
    };
    mapper.frame(bar);
    expect(lane.ticks).toMatchObject([
      { kind: TickKind.trade, px: 177.79, size: 90, time: AT_US },
      {
        kind: TickKind.bar,
        time: AT_US + 60_000_000,
        open: 177.94,
        close: 178,
        vwap: 177.98,
        resolutionS: 60,
      },
    ]);
  });

  test('contracts have 21 characters inside and the short form outside', () => {
    const { lane, mapper, reasons } = mapping('alpaca-options', 'SPY   240426C00500000');
    mapper.frame({ ...quote, S: 'SPY240426C00500000', c: 'A' });
    mapper.frame({ ...quote, S: 'SPY240426C00505000' });
    expect(lane.ticks).toHaveLength(1);
    expect(reasons()).toEqual(['its symbol SPY240426C00505000 is not defined in this session']);
  });

  test('a pair of crypto keeps its slash', () => {
    const { lane, mapper } = mapping('alpaca-crypto', 'BTC/USD');
    mapper.frame({ T: 'q', S: 'BTC/USD', bp: 65_128.1, bs: 1.65, ap: 65_130, as: 0.2, t: at });
    expect(lane.ticks).toMatchObject([{ bidPx: 65_128.1, exchangeId: 0, conditionsId: 0 }]);
  });

  test.each([
    ['2', true],
    ['H', true],
    ['P', true],
    ['3', false],
    ['T', false],
  ])('the status %s sets halted to %s', (sc, halted) => {
    const { lane, mapper } = mapping();
    mapper.frame({ T: 's', S: 'SPY', t: at, sc, sm: 'Said', rc: 'T1', rm: '', z: 'C' });
    expect(lane.payloads('SymbolHaltChanged')).toEqual([{ symbol: 'SPY', halted, reason: 'Said, T1' }]);
    expect(lane.events[0].time).toBe(AT_US);
  });

  test('quoting before the resumption leaves a halt as it is', () => {
    const { lane, mapper } = mapping();
    mapper.frame({ T: 's', S: 'SPY', t: at, sc: 'Q', sm: 'Quotation Resumption' });
    expect(lane.types()).toEqual(['MessageRejected']);
  });

  test('bands outside of which nothing trades are set, and impossible ones are not', () => {
    const { lane, mapper } = mapping();
    mapper.frame({ T: 'l', S: 'SPY', u: 3.24, d: 2.65, i: 'B', t: at, z: 'C' });
    mapper.frame({ T: 'l', S: 'SPY', u: 0, d: 0, t: at });
    expect(lane.types()).toEqual(['PriceBandsSet', 'MessageRejected']);
  });

  test('corrections, cancels, books, news and frames of no known type are recorded with their reason', () => {
    const { lane, mapper, reasons } = mapping();
    for (const T of ['u', 'd', 'c', 'x', 'i', 'o', 'n', 'z', undefined]) mapper.frame({ T, S: 'AAPL' });
    expect(lane.ticks).toEqual([]);
    expect(reasons()).toHaveLength(9);
    expect(new Set(reasons()).size).toBe(9);
  });

  test.each([
    [{ bp: undefined }, 'its bp is nothing; it is a number'],
    [{ ap: Number.NaN }, 'its ap is null; it is a number'],
    [{ as: -1 }, 'its sizes are 35 and -1'],
    [{ t: '<TIMESTAMP>' }, 'its time <TIMESTAMP> is none after 1970, in RFC 3339 or msgpack'],
    [{ c: [7] }, 'its c is [7]; codes are short texts'],
    [{ S: 4 }, 'its symbol 4 is not defined in this session'],
  ])('a quote with %j is refused: %s', (change, reason) => {
    const { lane, mapper, reasons } = mapping();
    mapper.frame({ ...quote, ...change });
    expect(lane.ticks).toEqual([]);
    expect(reasons()[0].replaceAll('"', '')).toBe(reason.replaceAll('"', ''));
  });

  test('a key that the vendor repeats is not recorded', () => {
    const { lane, mapper } = mapping();
    mapper.frame({ T: 'z', said: CREDENTIALS.secret });
    expect(JSON.stringify(lane.events)).not.toContain(CREDENTIALS.secret);
  });

  test('moments of REST and of streams are cut to the microsecond', () => {
    expect(microsOf('2021-01-27T10:35:34.82840127Z')).toBe(
      Date.UTC(2021, 0, 27, 10, 35, 34) * 1_000 + 828_401,
    );
    expect(microsOf('2021-01-27T10:35:34-05:00')).toBe(Date.UTC(2021, 0, 27, 15, 35, 34) * 1_000);
    expect(microsOf({ epochSeconds: 1, nanos: 1_999 })).toBe(1_000_001);
    for (const none of [
      'Timestamp',
      '',
      '2021-13-27T10:35:34Z',
      {},
      { epochSeconds: 2n ** 62n, nanos: 0 },
      5,
      null,
    ]) {
      expect(microsOf(none)).toBeNaN();
    }
  });
});

/** Whatever a decoded frame can hold. */
const anything = fc.anything({ withBigInt: true, withNullPrototype: true });
const field = fc.oneof(
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, undefined, null),
  fc.double(),
  fc.integer(),
  fc.string(),
  fc.bigInt(),
  fc.constant(at),
  anything,
);
const frames = fc.oneof(
  anything,
  fc.record(
    {
      T: fc.constantFrom('q', 't', 'b', 's', 'l', 'x', 'c', 'u', 'constructor', '__proto__'),
      S: fc.oneof(fc.constantFrom('AAPL', 'SPY', 'toString'), anything),
      ...Object.fromEntries(
        ['t', 'bp', 'ap', 'bs', 'as', 'p', 's', 'o', 'h', 'l', 'c', 'v', 'vw'].map((each) => [each, field]),
      ),
      ...Object.fromEntries(['x', 'bx', 'ax', 'u', 'd', 'sc', 'sm', 'rc', 'rm'].map((each) => [each, field])),
    },
    { requiredKeys: ['T', 'S'] },
  ),
);

describe('frames nobody would send', () => {
  property.prop([frames])(
    'whatever a frame holds, nothing throws and every number of a tick is finite',
    (frame) => {
      const { lane, mapper } = mapping();
      mapper.frame(frame);
      expect(lane.ticks.length + lane.events.length).toBe(1);
      for (const tick of lane.ticks) {
        expect(Object.values(tick).every((each) => Number.isFinite(each))).toBe(true);
        expect(Number.isSafeInteger(tick.time)).toBe(true);
      }
    },
  );

  property.prop([fc.constantFrom(...Object.keys(quote)), field], { numRuns: 1_000 })(
    'a good quote with one field of any kind is a tick of finite numbers, or refused',
    (name, value) => {
      const { lane, mapper } = mapping();
      mapper.frame({ ...quote, [name]: value });
      expect(lane.ticks.length + lane.events.length).toBe(1);
      for (const tick of lane.ticks) {
        expect(Object.values(tick).every((each) => Number.isFinite(each))).toBe(true);
      }
    },
  );

  property.prop([fc.uint8Array({ maxLength: 80 })])('whatever bytes decode to, nothing throws', (bytes) => {
    const { lane, mapper } = mapping();
    let frame: unknown;
    try {
      frame = decode(bytes, { useBigInt64: true });
    } catch {
      return;
    }
    mapper.frame(frame);
    expect(lane.ticks).toEqual([]);
  });
});

const shared = new URL('../../../../shared/data/alpaca/', import.meta.url);
const lines = (name: string): { msg?: unknown; body?: unknown }[] =>
  readFileSync(new URL(name, shared), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe.skipIf(!existsSync(new URL('ws-messages.jsonl', shared)))(
  'recorded messages of shared/data/alpaca',
  () => {
    test('every frame of ws-messages.jsonl maps or is refused with a reason', () => {
      const { lane, mapper } = mapping();
      const recorded = lines('ws-messages.jsonl').map(({ msg }) => msg as Record<string, unknown>);
      for (const frame of recorded) mapper.frame(frame);
      // Its moments were blanked: with one in their place the frames are whole.
      for (const frame of recorded) mapper.frame({ ...frame, t: at });
      expect(lane.ticks.length + lane.events.length).toBe(recorded.length * 2);
      const [, bar, trade, spip] = recorded.map(({ T }) => T);
      expect([bar, trade, spip]).toEqual(['b', 't', 'q']);
      expect(lane.ticks.filter(({ kind }) => kind === TickKind.quote)).toHaveLength(3);
      expect(lane.ticks.filter(({ kind }) => kind === TickKind.trade)).toHaveLength(3);
      expect(lane.ticks.filter(({ kind }) => kind === TickKind.bar)).toHaveLength(3);
      expect(lane.payloads('SymbolHaltChanged')).toEqual([
        { symbol: 'STRR', halted: false, reason: 'Trading Resumption, C11' },
      ]);
    });

    test('quotes, trades and bars of messages.jsonl map or are refused with a reason, and the rest throws nothing', () => {
      const { lane, mapper } = mapping();
      let seen = 0;
      for (const { body } of lines('messages.jsonl')) {
        visit(body, (value) => {
          for (const T of ['q', 't', 'b', 's', 'l']) {
            seen += 1;
            mapper.frame({ S: 'AAPL', ...value, T });
          }
        });
      }
      expect(seen).toBeGreaterThan(1_000);
      expect(lane.ticks.length).toBeGreaterThan(100);
      expect(lane.ticks.length + lane.events.length).toBe(seen);
    });
  },
);

/** Every object within, however deep. */
function visit(value: unknown, see: (object: Record<string, unknown>) => void): void {
  if (Array.isArray(value)) for (const each of value) visit(each, see);
  else if (typeof value === 'object' && value !== null) {
    see(value as Record<string, unknown>);
    for (const each of Object.values(value)) visit(each, see);
  }
}
