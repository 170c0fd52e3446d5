/** Whose history an import fetches, by the flags given and the keys in the environment. */
import { AlpacaClient, alpacaEndpoints } from '../adapters/alpaca/alpaca-client.ts';
import { MarketHistory } from '../adapters/alpaca/market-history.ts';
import { AlpacaHistory } from '../adapters/alpaca/market-import.ts';
import { YahooHistory } from '../adapters/yahoo/yahoo-history.ts';
import { InputError } from '../domain/input-error.ts';
import type { HistorySource } from '../engine/history-import.ts';
import { wallClock } from '../engine/live/host-clock.ts';
import { EnvironmentLacks } from './failure.ts';

interface SourceOptions {
  readonly fromAlpaca?: boolean;
  readonly fromYahoo?: boolean;
  /** Another server that speaks the vendor's protocol. */
  readonly venue?: string;
}

/** Null where files are imported. */
export function historySourceOf(options: SourceOptions): HistorySource | null {
  const { fromAlpaca, fromYahoo, venue = null } = options;
  if (fromAlpaca && fromYahoo) throw new InputError('--from-alpaca and --from-yahoo: choose one of them');
  if (venue !== null && !/^https?:$/.test(URL.canParse(venue) ? new URL(venue).protocol : '')) {
    throw new InputError(`--venue is "${venue}"; write an address such as http://127.0.0.1:8765`);
  }
  if (fromYahoo) return new YahooHistory({ clock: wallClock(), url: venue ?? undefined });
  return fromAlpaca ? alpacaHistory(venue) : null;
}

function alpacaHistory(venue: string | null): HistorySource {
  const keyId = process.env.APCA_API_KEY_ID ?? '';
  const secret = process.env.APCA_API_SECRET_KEY ?? '';
  if (keyId === '' || secret === '') {
    const missing = keyId === '' ? 'APCA_API_KEY_ID' : 'APCA_API_SECRET_KEY';
    throw new EnvironmentLacks(
      `${missing} is not set: make keys at alpaca.markets, then export APCA_API_KEY_ID=... APCA_API_SECRET_KEY=...`,
    );
  }
  const clock = wallClock();
  // All exchanges: a free plan has their history too, only not of the last minutes.
  const stockFeed = 'sip';
  const endpoints = alpacaEndpoints({
    mode: 'paper',
    stockFeed,
    optionFeed: 'indicative',
    simulatorUrl: venue?.replace(/\/+$/, '') ?? null,
  });
  const client = new AlpacaClient({ credentials: { keyId, secret }, endpoints, clock });
  const history = new MarketHistory(client, { stockFeed, rejected: () => {}, patienceMs: 60_000 });
  return new AlpacaHistory(history, () => clock.now());
}
