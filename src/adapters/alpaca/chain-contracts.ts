/**
 * The contracts listed on an underlying, with their open interest, which only the trading API knows. They are asked for again
 * when the day or the window of strikes has moved on: the clearing house counts once a night.
 */
import { trading } from '@alpacahq/alpaca-trade-api';
import { z } from 'zod';
import { dayToMicros, isDay } from '../../domain/exchange-calendar.ts';
import { standardTerms } from '../../domain/options/contract.ts';
import { parseCompactOcc, printOcc } from '../../domain/options/occ-symbol.ts';
import { VenueError } from '../../domain/venue-error.ts';
import type { AlpacaClient } from './alpaca-client.ts';
import { quoted } from './stream-excerpt.ts';

/** What of a chain is wanted: days of expiry YYYY-MM-DD and strikes in dollars, ends included. */
export interface ChainWindow {
  readonly underlying: string;
  readonly expiryFrom: string;
  readonly expiryTo: string;
  readonly strikeFrom: number;
  readonly strikeTo: number;
}

export interface ListedContract {
  /** The 21-character OCC form. */
  readonly symbol: string;
  readonly style: 'american' | 'european';
  readonly settlement: 'physical' | 'cash';
  readonly multiplier: number;
  /** Null where the venue gives none, or none of the last days. */
  readonly openInterest: number | null;
}

interface Fetched {
  readonly at: number;
  readonly window: ChainWindow;
  readonly contracts: readonly ListedContract[];
}

const contract = z.looseObject({
  symbol: z.string(),
  style: z.enum(['american', 'european']),
  size: z.string().nullish(),
  tradable: z.boolean(),
  open_interest: z.string().nullish(),
  open_interest_date: z.string().nullish(),
});
const contractsPage = z.looseObject({
  option_contracts: z.array(z.unknown()).nullish(),
  next_page_token: z.string().nullish(),
});

const PAGE_CONTRACTS = 10_000;
const PAGES_MAX = 20;
const STANDARD_SIZE = 100;
const KEPT_US = 3_600_000_000;
/** Fetched this much wider than wanted, so that a moving price does not ask again at every step; a share of the strike. */
const MARGIN = 0.05;
const DAY_US = 86_400_000_000;
/** A weekend and a holiday: an older count is of a chain that nobody counts any more. */
const COUNT_AGE_US = 5 * DAY_US;

export class ChainContracts {
  readonly #client: AlpacaClient;
  readonly #rejected: (reason: string, contract: unknown) => void;
  readonly #api: trading.AssetsApi;
  readonly #kept = new Map<string, Fetched>();

  constructor(client: AlpacaClient, rejected: (reason: string, contract: unknown) => void) {
    this.#client = client;
    this.#rejected = rejected;
    this.#api = new trading.AssetsApi(client.trading);
  }

  /** At least those of the window that can be traded, in the venue's order. Rejects with `VenueError`. */
  async listed(window: ChainWindow): Promise<readonly ListedContract[]> {
    const kept = this.#kept.get(window.underlying);
    const now = this.#client.clock.now();
    if (kept !== undefined && now - kept.at < KEPT_US && covers(kept.window, window)) return kept.contracts;
    const wider = {
      ...window,
      strikeFrom: window.strikeFrom * (1 - MARGIN),
      strikeTo: window.strikeTo * (1 + MARGIN),
    };
    const contracts = await this.#fetch(wider, now);
    this.#kept.set(window.underlying, { at: now, window: wider, contracts });
    return contracts;
  }

  async #fetch(window: ChainWindow, now: number): Promise<readonly ListedContract[]> {
    const contracts: ListedContract[] = [];
    const what = `contracts of ${window.underlying}`;
    let pageToken: string | undefined;
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const token = pageToken;
      const { option_contracts, next_page_token } = await this.#client.read({
        what,
        priority: 'read',
        schema: contractsPage,
        send: (init) =>
          this.#api.getOptionsContractsRaw(
            {
              underlyingSymbols: window.underlying,
              status: 'active',
              expirationDateGte: new Date(window.expiryFrom),
              expirationDateLte: new Date(window.expiryTo),
              strikePriceGte: window.strikeFrom,
              strikePriceLte: window.strikeTo,
              limit: PAGE_CONTRACTS,
              pageToken: token,
            },
            init,
          ),
      });
      for (const raw of option_contracts ?? []) {
        const read = readContract(raw, now);
        if (typeof read === 'string') this.#rejected(`a contract of ${window.underlying}: ${read}`, raw);
        else if (read !== null) contracts.push(read);
      }
      if (next_page_token == null || next_page_token === '') return contracts;
      pageToken = next_page_token;
    }
    throw new VenueError('unreadable', `${what}: their pages do not end`);
  }
}

/** Null for one that is left alone, a reason for what is no contract. */
function readContract(raw: unknown, now: number): ListedContract | string | null {
  const read = contract.safeParse(raw);
  if (!read.success) {
    const [{ path, message }] = read.error.issues;
    return `its ${path.join('.')} is not as documented: ${message}`;
  }
  const { symbol, style, size, tradable, open_interest, open_interest_date } = read.data;
  const parsed = parseCompactOcc(symbol);
  if (!parsed.ok) return parsed.reason;
  // What a split or a merger adjusted delivers something else, and its symbol does not say what.
  if (!tradable || /\d/.test(parsed.root) || (size != null && Number(size) !== STANDARD_SIZE)) return null;
  if (open_interest != null && !/^\d{1,12}$/.test(open_interest)) {
    return `its open interest is ${quoted(open_interest)}`;
  }
  const day = open_interest_date ?? '';
  const isRecent = isDay(day) && now - dayToMicros(day) <= COUNT_AGE_US;
  const count = open_interest == null ? null : Number(open_interest);
  const { settlement, multiplier } = standardTerms(parsed.root);
  return { symbol: printOcc(parsed), style, settlement, multiplier, openInterest: isRecent ? count : null };
}

const covers = (kept: ChainWindow, wanted: ChainWindow): boolean =>
  kept.expiryFrom === wanted.expiryFrom &&
  kept.expiryTo === wanted.expiryTo &&
  kept.strikeFrom <= wanted.strikeFrom &&
  kept.strikeTo >= wanted.strikeTo;
