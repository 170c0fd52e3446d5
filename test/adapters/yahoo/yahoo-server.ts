/** A local server that answers as Yahoo's chart does, with what a test hands it: by hand, or as recorded from Yahoo. */
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';

export const recordedFolder = fileURLToPath(new URL('../../../../shared/data/yahoo/', import.meta.url));

/** The body of an answer recorded from Yahoo, as text. */
export const recorded = (name: string): string =>
  JSON.stringify(JSON.parse(readFileSync(`${recordedFolder}${name}`, 'utf8')).body);

interface Day {
  readonly at: string;
  readonly close: number | null;
  readonly open?: number | null;
}

/** Yahoo's documented form of one symbol's daily chart in New York. */
export function chartOf(symbol: string, px: number, asOf: string, days: readonly Day[] = []) {
  const seconds = (time: string) => Date.parse(time) / 1_000;
  const period = { timezone: 'EST', start: seconds(asOf), end: seconds(asOf), gmtoffset: -18_000 };
  const closes = days.map(({ close }) => close);
  const opens = days.map(({ open, close }) => (open === undefined ? close : open));
  return {
    meta: {
      currency: 'USD',
      symbol,
      exchangeName: 'NMS',
      instrumentType: 'EQUITY',
      firstTradeDate: 345_479_400,
      regularMarketTime: seconds(asOf),
      gmtoffset: -18_000,
      timezone: 'EST',
      exchangeTimezoneName: 'America/New_York',
      regularMarketPrice: px,
      priceHint: 2,
      currentTradingPeriod: { pre: period, regular: period, post: period },
      dataGranularity: '1d',
      range: '',
      validRanges: ['1d'],
    } as Record<string, unknown>,
    timestamp: days.map(({ at }) => seconds(at)),
    events: undefined as Record<string, unknown> | undefined,
    indicators: {
      quote: [
        {
          open: opens,
          high: days.map((_, i) => (closes[i] === null ? null : Math.max(closes[i], opens[i] ?? 0))),
          low: days.map((_, i) => (closes[i] === null ? null : Math.min(closes[i], opens[i] ?? closes[i]))),
          close: closes,
          volume: days.map(() => 1_000),
        },
      ],
      adjclose: [{ adjclose: closes }],
    },
  };
}

export const answerOf = (chart: unknown): string =>
  JSON.stringify({ chart: { result: [chart], error: null } });

export const noSuchSymbol = JSON.stringify({
  chart: { result: null, error: { code: 'Not Found', description: 'No data found, symbol may be delisted' } },
});

export interface Asked {
  readonly symbol: string;
  readonly query: URLSearchParams;
}
type Answering = (asked: Asked, response: ServerResponse) => string | undefined;

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** `answer` gives a body (status 200), or writes the response itself; what it does not answer hangs. */
export async function yahooServer(answer: Answering) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://yahoo');
    const each = { symbol: decodeURIComponent(url.pathname.split('/').at(-1)!), query: url.searchParams };
    asked.push(each);
    const body = answer(each, response);
    if (body !== undefined) response.setHeader('content-type', 'application/json').end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  stops.push(stop);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, stop };
}
