import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alpacaEndpoints } from '../../../src/adapters/alpaca/alpaca-client.ts';
import { AlpacaDesk } from '../../../src/adapters/alpaca/venue-desk.ts';
import { InputError } from '../../../src/domain/input-error.ts';
import { SteppedClock } from '../../live/stepped-clock.ts';
import { CANARY, clientOf, until, VenueServer } from './venue-server.ts';

const NOW = Date.UTC(2026, 2, 3, 15) * 1_000;

let venue: VenueServer;
let clock: SteppedClock;
let desk: AlpacaDesk;

beforeEach(async () => {
  venue = new VenueServer();
  clock = new SteppedClock(NOW);
  desk = new AlpacaDesk({ client: clientOf(await venue.listen(), clock), stockFeed: 'iex' });
});
afterEach(() => venue.close());

const asset = (symbol: string, more: object = {}) => ({
  status: 200,
  body: { symbol, class: 'us_equity', status: 'active', tradable: true, ...more },
});

describe('the desk', () => {
  test('tells the account in micro-dollars, and whether it may go short', async () => {
    venue.on('GET /v2/account', {
      status: 200,
      body: {
        id: 'a1',
        status: 'ACTIVE',
        cash: '-23140.2',
        equity: '103820.56',
        buying_power: '262113.632',
        shorting_enabled: true,
        options_trading_level: '2',
      },
    });
    expect(await desk.account()).toEqual({
      accountId: 'a1',
      cashMicros: -23_140_200_000,
      equityMicros: 103_820_560_000,
      buyingPowerMicros: 262_113_632_000,
      blocked: null,
      optionsLevel: 2,
      shorting: true,
    });
  });

  describe('asked to cancel all of a chain', () => {
    const order = (n: number, more: object = {}) => ({
      ...{ id: `v${n}`, client_order_id: `paper-a-${n}`, symbol: 'SPY', status: 'new', type: 'limit' },
      ...{ qty: '1', filled_qty: '0', ...more },
    });
    const canceled = () =>
      venue.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path.split('/').at(-1));

    test('cancels its open orders but protective stops, and nobody else’s', async () => {
      const body = [
        order(1),
        order(2, { type: 'stop', side: 'sell' }),
        order(3, { client_order_id: 'paper-ab-3' }),
        order(4, { client_order_id: 'by-hand' }),
        order(5, { client_order_id: 'paper-a-5-812' }),
      ];
      venue.on('GET /v2/orders', { status: 200, body });
      venue.on('DELETE /v2/orders/v1', { status: 204 }).on('DELETE /v2/orders/v5', { status: 204 });
      expect(await desk.cancelAll('paper-a')).toBe(2);
      expect(canceled()).toEqual(['v1', 'v5']);
    });

    test('reads every page of the list', async () => {
      const page = (from: number) =>
        Array.from({ length: 500 }, (_, n) => order(from + n, { client_order_id: 'x' }));
      venue.on('GET /v2/orders', ({ query }) => ({
        status: 200,
        body: query.get('after_order_id') === 'v499' ? [order(500)] : page(0),
      }));
      venue.on('DELETE /v2/orders/v500', { status: 204 });
      expect(await desk.cancelAll('paper-a')).toBe(1);
      expect(canceled()).toEqual(['v500']);
    });

    test('goes on past one that is over or does not answer, and says that it failed', async () => {
      venue.on('GET /v2/orders', { status: 200, body: [order(1), order(2), order(3), order(4)] });
      venue
        .on('DELETE /v2/orders/v2', { status: 422, body: { code: 42210000, message: 'order is filled' } })
        .on('DELETE /v2/orders/v3', { status: 500, body: { message: 'try later' } })
        .on('DELETE /v2/orders/v4', { status: 204 });
      await expect(desk.cancelAll('paper-a')).rejects.toThrow('cancel of order paper-a-3: HTTP 500');
      expect(canceled().sort()).toEqual(['v1', 'v2', 'v3', 'v4']);
    });
  });

  test.each([
    [{}, null],
    [{ simulator: { speed: 60 } }, { speed: 60 }],
  ])('tells the venue’s time, and that of a simulator: %j', async (more, simulated) => {
    const body = { timestamp: '2026-03-03T10:00:00.123456789-05:00', is_open: true, ...more };
    venue.on('GET /v2/clock', { status: 200, body });
    expect(await desk.clock()).toEqual({ now: NOW + 123_456, open: true, simulated });
  });

  test('knows what symbols are', async () => {
    venue
      .on('GET /v2/assets/AAPL', asset('AAPL'))
      .on('GET /v2/assets/BTC%2FUSD', asset('BTC/USD', { class: 'crypto' }))
      .on('GET /v2/options/contracts/SPY260320C00500000', {
        status: 200,
        body: { symbol: 'SPY260320C00500000', status: 'active', tradable: true, multiplier: '100' },
      });
    expect(await desk.assets(['AAPL', 'BTC/USD', 'SPY   260320C00500000'])).toMatchObject([
      { symbol: 'AAPL', assetClass: 'equity', calendar: 'XNYS', multiplier: 1, priceSource: 'bars' },
      { symbol: 'BTC/USD', assetClass: 'crypto', calendar: '24x7' },
      { symbol: 'SPY   260320C00500000', assetClass: 'option', multiplier: 100, priceSource: 'quotes' },
    ]);
  });

  test('names every symbol that the venue does not know or trade', async () => {
    venue
      .on('GET /v2/assets/AAPL', asset('AAPL'))
      .on('GET /v2/assets/DEAD', asset('DEAD', { status: 'inactive' }));
    const asked = desk.assets(['AAPL', 'APPL', 'DEAD']);
    await expect(asked).rejects.toThrow(InputError);
    await expect(asked).rejects.toThrow('APPL is not known there; DEAD is inactive');
  });

  test('looks for many symbols in the list of all, by one call', async () => {
    const many = Array.from({ length: 30 }, (_, index) => `S${index}`);
    venue.on('GET /v2/assets', { status: 200, body: many.map((symbol) => asset(symbol).body) });
    expect(await desk.assets(many)).toHaveLength(30);
    expect(venue.requests).toHaveLength(1);
  });

  test('tells splits and changed symbols, page by page', async () => {
    venue.on('GET /v1/corporate-actions', ({ query }) => ({
      status: 200,
      body: query.has('page_token')
        ? {
            corporate_actions: {
              name_changes: [{ id: 'i5', old_symbol: 'FB', new_symbol: 'META', process_date: '2026-03-03' }],
            },
            next_page_token: null,
          }
        : {
            corporate_actions: {
              forward_splits: [
                { id: 'i1', symbol: 'SRE', new_rate: 1.5, old_rate: 1, process_date: '2026-03-02' },
              ],
              reverse_splits: [{ symbol: 'MNTS', new_rate: 1, old_rate: 50, new_symbol: 'MNT' }],
              // Whatever is wrong with it, the share is known.
              spin_offs: [{ id: 7, source_symbol: 'SRE', new_symbol: 'SPUN', process_date: '' }],
              rights_distributions: [{ shares_of: 'SRE', process_date: '2026-03-01' }],
              cash_mergers: [{ acquiree_symbol: 'FB', rate: 12.5, effective_date: '2026-03-01' }],
            },
            next_page_token: 'next',
          },
    }));
    const actions = await desk.corporateActions(['SRE', 'MNTS', 'FB', 'BTC/USD'], {
      from: '2026-03-01',
      to: '2026-03-03',
    });
    const inputs = ({ inputs }: (typeof actions)[number]) =>
      inputs.map(({ payload, type }) => [type, payload]);
    expect(actions.map((each) => [each.symbol, each.day, each.what, ...inputs(each)])).toEqual([
      [
        'SRE',
        '2026-03-02',
        'a split of 3 for 2',
        ['SplitApplied', { symbol: 'SRE', numerator: 3, denominator: 2, cashInLieuPx: null }],
      ],
      // Without a day nobody can say what has it already.
      ['MNTS', '2026-03-03', 'a split of 1 for 50'],
      // What nobody here can book is said.
      ['FB', '2026-03-01', 'a merger for cash'],
      ['SRE', '2026-03-01', 'a distribution of rights'],
      ['SRE', '2026-03-03', 'a spin-off'],
      ['FB', '2026-03-03', 'the new symbol META', ['SymbolChanged', { from: 'FB', to: 'META' }]],
    ]);
    expect(actions.map(({ problem }) => problem)).toEqual([
      null,
      'a split of 1 for 50 has no day',
      expect.stringContaining('a merger for cash is not booked here: {"acquiree_symbol":"FB"'),
      expect.stringContaining('a distribution of rights is not booked here'),
      expect.stringContaining('a spin-off is not booked here'),
      null,
    ]);
    const ids = actions.map(({ actionId }) => actionId);
    expect([ids[0], ids[5], new Set(ids).size]).toEqual(['i1', 'i5', 6]);
    expect(venue.requests[0]!.query.get('symbols')).toBe('SRE,MNTS,FB');
    expect(venue.requests[0]!.query.get('types')).toContain('spin_off');
    expect(venue.requests[0]!.query.get('start')).toBe('2026-03-01');
  });
});

describe('a failure', () => {
  const failing = async () => {
    const failed = desk.clock().then(
      () => null,
      (error: unknown) => error,
    );
    let settled: unknown;
    void failed.then((error) => (settled = error));
    while (settled === undefined) {
      clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return settled as { code: string; message: string; transient: boolean; status: number | null };
  };

  test.each([
    [401, 'unauthorised', false],
    [403, 'forbidden', false],
    [404, 'notFound', false],
    [422, 'invalid', false],
    [429, 'rateLimited', true],
    [500, 'unavailable', true],
  ])('with %d is %s', async (status, code, transient) => {
    venue.on('GET /v2/clock', { status, body: { message: 'no' } });
    expect(await failing()).toMatchObject({ code, status, transient });
    expect(venue.requests).toHaveLength(status === 500 ? 2 : 1);
  });

  test('never shows a key, plain or encoded, whoever repeats it', async () => {
    const { keyId, secret } = CANARY;
    const base64 = Buffer.from(secret).toString('base64');
    const message = `denied: ${keyId} ${secret} ${encodeURIComponent(secret)} ${base64}`;
    venue.on('GET /v2/clock', { status: 403, body: { message } });
    const error = await failing();
    expect(error.message).toContain('denied: *** *** *** ***');
    expect(JSON.stringify(error) + String((error as unknown as Error).stack)).not.toContain(secret);
  });

  test('of a connection is asked about once more, and says what failed', async () => {
    venue.on('GET /v2/clock', 'drop');
    const error = await failing();
    expect(error).toMatchObject({ code: 'unavailable', status: null });
    expect(error.message).toMatch(/clock: the connection failed/);
    await until(() => venue.count('GET /v2/clock') === 2);
  });
});

test('paper trading and live trading are different places, and a simulator is one place for all', () => {
  const options = { stockFeed: 'sip', optionFeed: 'opra', simulatorUrl: null } as const;
  expect(alpacaEndpoints({ ...options, mode: 'paper' })).toEqual({
    tradingUrl: 'https://paper-api.alpaca.markets',
    dataUrl: 'https://data.alpaca.markets',
    ordersStreamUrl: 'wss://paper-api.alpaca.markets/stream',
    stocksStreamUrl: 'wss://stream.data.alpaca.markets/v2/sip',
    optionsStreamUrl: 'wss://stream.data.alpaca.markets/v1beta1/opra',
    cryptoStreamUrl: 'wss://stream.data.alpaca.markets/v1beta3/crypto/us',
  });
  expect(alpacaEndpoints({ ...options, mode: 'live' }).tradingUrl).toBe('https://api.alpaca.markets');
  const local = alpacaEndpoints({ ...options, mode: 'live', simulatorUrl: 'http://127.0.0.1:1' });
  expect(new Set(Object.values(local).map((url) => new URL(url).host))).toEqual(new Set(['127.0.0.1:1']));
});
