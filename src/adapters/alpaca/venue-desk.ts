/** What a live session asks Alpaca before it starts and between days: the account, the time, what symbols are, and their past. */
import { marketData, trading } from '@alpacahq/alpaca-trade-api';
import { z } from 'zod';
import type { CorporateAction, VenueDesk } from '../../bus/ports.ts';
import { InputError } from '../../domain/input-error.ts';
import type { AssetClass } from '../../domain/instrument.ts';
import { toMicros } from '../../domain/money.ts';
import { standardTerms } from '../../domain/options/contract.ts';
import { parseOcc } from '../../domain/options/occ-symbol.ts';
import { VenueError } from '../../domain/venue-error.ts';
import { SymbolChanged } from '../../events/account.events.ts';
import type { NewInput } from '../../events/define-event.ts';
import type { SymbolDefined } from '../../events/market.events.ts';
import { SplitApplied } from '../../events/option.events.ts';
import type { AlpacaClient } from './alpaca-client.ts';
import { MarketHistory } from './market-history.ts';
import { VenueCalls } from './venue-calls.ts';
import { assetSchema, clockSchema, contractSchema, venueSymbol } from './venue-messages.ts';

export interface VenueDeskOptions {
  readonly client: AlpacaClient;
  readonly stockFeed: 'iex' | 'sip';
  /** What intraday bars of shares and coins are built of; options have quotes. */
  readonly prices?: Pick<SymbolDefined, 'priceSource' | 'resolutionS'>;
  /** What was no bar of history. */
  readonly rejected?: (reason: string, bar: unknown) => void;
}

type Definition = Omit<SymbolDefined, 'id'>;

/** More symbols than this are looked for in the list of all: one call of some megabytes. */
const ASKED_ONE_BY_ONE = 20;
const ACTIONS_A_PAGE = 1_000;
const MINUTE_BARS = { priceSource: 'bars', resolutionS: 60 } as const;

const classes: Readonly<Record<string, AssetClass>> = {
  us_equity: 'equity',
  crypto: 'crypto',
  us_index: 'index',
};

/** The day on which the venue books it, or without one that of the company; older pages have no ids. Each field stands for itself. */
const text = z.string().min(1).optional().catch(undefined);
const day = z.iso.date().optional().catch(undefined);
const named = { id: text, process_date: day, ex_date: day, effective_date: day };
const split = z.object({
  ...named,
  symbol: z.string(),
  new_rate: z.number().positive(),
  old_rate: z.number().positive(),
  new_symbol: z.string().nullish(),
});
const nameChange = z.object({ ...named, old_symbol: z.string(), new_symbol: z.string() });
/** What is not applied: by the vendor's name of the list, what it is, and its name as a type. */
const unapplied = {
  cash_mergers: ['a merger for cash', 'cash_merger'],
  redemptions: ['a redemption', 'redemption'],
  rights_distributions: ['a distribution of rights', 'rights_distribution'],
  spin_offs: ['a spin-off', 'spin_off'],
  stock_and_cash_mergers: ['a merger for shares and cash', 'stock_and_cash_merger'],
  stock_dividends: ['a dividend in shares', 'stock_dividend'],
  stock_mergers: ['a merger for shares', 'stock_merger'],
  unit_splits: ['a split of units', 'unit_split'],
  worthless_removals: ['a removal of what is worthless', 'worthless_removal'],
} as const;
const unappliedKinds = Object.keys(unapplied) as readonly (keyof typeof unapplied)[];
const ACTION_TYPES = [
  'forward_split',
  'reverse_split',
  'name_change',
  ...unappliedKinds.map((kind) => unapplied[kind][1]),
].join(',');
/** Each kind names its share in a field of its own. */
const anAction = z.looseObject({
  ...named,
  symbol: text,
  source_symbol: text,
  acquiree_symbol: text,
  old_symbol: text,
});
const EXCERPT_MAX = 200;
const actionsPage = z.object({
  // Some list of them is in the way of no split that can be read.
  corporate_actions: z.looseObject({
    forward_splits: z.array(split).nullish(),
    reverse_splits: z.array(split).nullish(),
    name_changes: z.array(nameChange).nullish(),
  }),
  next_page_token: z.string().nullish(),
});
type Actions = z.infer<typeof actionsPage>['corporate_actions'];

export class AlpacaDesk implements VenueDesk {
  readonly #client: AlpacaClient;
  readonly #prices: Pick<SymbolDefined, 'priceSource' | 'resolutionS'>;
  readonly #calls: VenueCalls;
  readonly #history: MarketHistory;
  readonly #clocks: trading.ClockApi;
  readonly #assets: trading.AssetsApi;
  readonly #actions: marketData.CorporateActionsApi;

  constructor({ client, prices, rejected, stockFeed }: VenueDeskOptions) {
    this.#client = client;
    this.#prices = prices ?? MINUTE_BARS;
    this.#calls = new VenueCalls(client);
    this.#history = new MarketHistory(client, { stockFeed, rejected: rejected ?? (() => {}) });
    this.#clocks = new trading.ClockApi(client.trading);
    this.#assets = new trading.AssetsApi(client.trading);
    this.#actions = new marketData.CorporateActionsApi(client.data);
  }

  async account(): ReturnType<VenueDesk['account']> {
    const { cash, equity, buyingPower, ...account } = await this.#calls.account();
    return {
      ...account,
      cashMicros: toMicros(cash),
      equityMicros: toMicros(equity),
      buyingPowerMicros: toMicros(buyingPower),
    };
  }

  async clock(): ReturnType<VenueDesk['clock']> {
    const { is_open, simulator, timestamp } = await this.#client.read({
      what: 'clock',
      priority: 'read',
      schema: clockSchema,
      send: (init) => this.#clocks.legacyClockRaw(init),
    });
    return { now: timestamp, open: is_open, simulated: simulator ? { speed: simulator.speed } : null };
  }

  async assets(symbols: readonly string[]): Promise<readonly Definition[]> {
    const wanted = symbols.filter((symbol) => !parseOcc(symbol).ok);
    const listed = wanted.length > ASKED_ONE_BY_ONE ? await this.#listed() : null;
    const found: Definition[] = [];
    const refused: string[] = [];
    for (const symbol of symbols) {
      const definition = parseOcc(symbol).ok
        ? await this.#contract(symbol)
        : this.#definition(symbol, listed === null ? await this.#asset(symbol) : listed.get(symbol));
      if (typeof definition === 'string') refused.push(`${symbol} ${definition}`);
      else found.push(definition);
    }
    if (refused.length === 0) return found;
    throw new InputError(
      `Alpaca: ${refused.join('; ')}; give symbols it trades, like AAPL, BRK.B or BTC/USD`,
    );
  }

  history(...asked: Parameters<VenueDesk['history']>): ReturnType<VenueDesk['history']> {
    return this.#history.load(...asked);
  }

  /**
   * Splits and symbol changes with their inputs, and what else there was. The cash of dividends is told by the account's activities, which know what was paid on how
   * many shares.
   */
  async corporateActions(
    symbols: readonly string[],
    range: { readonly from: string; readonly to: string },
  ): Promise<readonly CorporateAction[]> {
    const shares = symbols.filter((symbol) => !symbol.includes('/') && !parseOcc(symbol).ok);
    if (shares.length === 0) return [];
    const actions: CorporateAction[] = [];
    let pageToken: string | undefined;
    do {
      const token = pageToken;
      const page = await this.#client.read({
        what: 'corporate actions',
        priority: 'data',
        schema: actionsPage,
        send: (init) =>
          this.#actions.corporateActionsRaw(
            {
              symbols: shares.join(','),
              types: ACTION_TYPES,
              start: new Date(range.from),
              end: new Date(range.to),
              limit: ACTIONS_A_PAGE,
              ...(token === undefined ? {} : { pageToken: token }),
            },
            init,
          ),
      });
      actions.push(...actionsOf(page.corporate_actions, shares, range.to));
      pageToken = page.next_page_token ?? undefined;
    } while (pageToken !== undefined && pageToken !== '');
    return actions;
  }

  async cancelAll(chain: string): Promise<number> {
    const open = await this.#calls.openOrders('cancel');
    const ours = open.filter(
      ({ clientOrderId, orderType }) => clientOrderId.startsWith(`${chain}-`) && orderType !== 'stop',
    );
    const asked = ours.map(({ clientOrderId, venueOrderId }) => this.#cancel(clientOrderId, venueOrderId));
    const [failed] = (await Promise.allSettled(asked)).filter(({ status }) => status === 'rejected');
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
    return ours.length;
  }

  /** One that cannot be canceled any more is over, or soon is: the next list shows it where it is not. */
  async #cancel(clientOrderId: string, venueOrderId: string): Promise<void> {
    try {
      await this.#calls.cancel(clientOrderId, venueOrderId);
    } catch (error) {
      if (!(error instanceof VenueError) || (error.code !== 'notFound' && error.code !== 'invalid'))
        throw error;
    }
  }

  async #asset(symbol: string): Promise<z.infer<typeof assetSchema> | undefined> {
    return this.#ifThere(
      this.#client.read({
        what: `asset ${symbol}`,
        priority: 'read',
        schema: assetSchema,
        send: (init) => this.#assets.getV2AssetsSymbolOrAssetIdRaw({ symbolOrAssetId: symbol }, init),
      }),
    );
  }

  async #listed(): Promise<ReadonlyMap<string, z.infer<typeof assetSchema>>> {
    const all = await this.#client.read({
      what: 'list of assets',
      priority: 'read',
      schema: z.array(assetSchema),
      timeoutMs: 60_000,
      send: (init) => this.#assets.getV2AssetsRaw({ status: 'active' }, init),
    });
    return new Map(all.map((asset) => [asset.symbol, asset]));
  }

  #definition(symbol: string, asset: z.infer<typeof assetSchema> | undefined): Definition | string {
    if (asset === undefined || asset.symbol !== symbol) return 'is not known there';
    const assetClass = Object.hasOwn(classes, asset.class) ? classes[asset.class] : undefined;
    if (assetClass === undefined) return `is a ${asset.class}, which is not traded here`;
    if (asset.status !== 'active') return `is ${asset.status}`;
    if (!asset.tradable && assetClass !== 'index') return 'is not tradable';
    const calendar = assetClass === 'crypto' ? '24x7' : 'XNYS';
    return { symbol, assetClass, multiplier: 1, calendar, ...this.#prices };
  }

  async #contract(symbol: string): Promise<Definition | string> {
    const contract = await this.#ifThere(
      this.#client.read({
        what: `contract ${symbol}`,
        priority: 'read',
        schema: contractSchema,
        send: (init) =>
          this.#assets.getOptionContractSymbolOrIdRaw({ symbolOrId: venueSymbol(symbol) }, init),
      }),
    );
    if (contract === undefined) return 'is not known there';
    if (contract.status !== 'active' || !contract.tradable) return 'is not tradable';
    const { multiplier } = standardTerms(symbol.slice(0, 6).trimEnd());
    return {
      symbol,
      assetClass: 'option',
      multiplier: contract.multiplier ?? multiplier,
      calendar: 'XNYS',
      priceSource: 'quotes',
      resolutionS: null,
    };
  }

  async #ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
    try {
      return await asked;
    } catch (error) {
      if (error instanceof VenueError && error.code === 'notFound') return undefined;
      throw error;
    }
  }
}

/** `asked`: whose shares they are; `lastDay` stands where an action has no day of its own. */
function actionsOf(
  { forward_splits, name_changes, reverse_splits, ...others }: Actions,
  asked: readonly string[],
  lastDay: string,
): readonly CorporateAction[] {
  const splits = [...(forward_splits ?? []), ...(reverse_splits ?? [])].map((each) => {
    const { new_symbol: to, symbol } = each;
    const { numerator, denominator } = wholeRatio(each);
    const what = `a split of ${numerator} for ${denominator}`;
    const applied = SplitApplied.of({ symbol, numerator, denominator, cashInLieuPx: null });
    const inputs = to ? [applied, SymbolChanged.of({ from: symbol, to })] : [applied];
    return bookable(nameOf(each, symbol, what, lastDay), each, inputs);
  });
  const changes = (name_changes ?? []).map((each) => {
    const { old_symbol: from, new_symbol: to } = each;
    const name = nameOf(each, from, `the new symbol ${to}`, lastDay);
    return bookable(name, each, [SymbolChanged.of({ from, to })]);
  });
  return [...splits, ...changes, ...unbooked(others, asked, lastDay)];
}

type Named = z.infer<z.ZodObject<typeof named>>;
type ActionName = Pick<CorporateAction, 'actionId' | 'day' | 'symbol' | 'what'>;

const dayOf = ({ process_date, ex_date, effective_date }: Named) => process_date ?? ex_date ?? effective_date;

function nameOf(action: Named, symbol: string, what: string, lastDay: string): ActionName {
  const day = dayOf(action);
  return { actionId: action.id ?? `${symbol} ${day ?? ''} ${what}`, day: day ?? lastDay, symbol, what };
}

/** Without a day nobody can say whether prices and positions have it already. */
function bookable(name: ActionName, action: Named, inputs: readonly NewInput[]): CorporateAction {
  if (dayOf(action) !== undefined) return { ...name, problem: null, inputs };
  return { ...name, problem: `${name.what} has no day`, inputs: [] };
}

/** Positions and prices of the share count otherwise from now on, and only a person can book it. */
function unbooked(
  others: Readonly<Record<string, unknown>>,
  asked: readonly string[],
  lastDay: string,
): readonly CorporateAction[] {
  return unappliedKinds.flatMap((kind) => {
    const actions = Array.isArray(others[kind]) ? (others[kind] as readonly unknown[]) : [];
    return actions.map((action) => {
      const read = anAction.safeParse(action).data ?? {};
      const share = shareOf(read, asked);
      const what = unapplied[kind][0];
      const problem = `${what} is not booked here: ${JSON.stringify(action).slice(0, EXCERPT_MAX)}`;
      return { ...nameOf(read, share, what, lastDay), problem, inputs: [] };
    });
  });
}

/** Whatever the form, the share that was asked for is the one to be held back. */
function shareOf(action: z.infer<typeof anAction>, asked: readonly string[]): string {
  const { acquiree_symbol, old_symbol, source_symbol, symbol } = action;
  const shares = [symbol, source_symbol, acquiree_symbol, old_symbol].filter((each) => each !== undefined);
  const isAsked = (each: unknown): each is string => asked.includes(each as string);
  return shares.find(isAsked) ?? Object.values(action).find(isAsked) ?? shares[0] ?? 'an unnamed share';
}

/** Rates may have decimals (1.5 for 1): the smallest whole numbers of the same ratio, to a millionth. */
function wholeRatio({ new_rate, old_rate }: z.infer<typeof split>): {
  readonly numerator: number;
  readonly denominator: number;
} {
  const numerator = Math.round(new_rate * 1e6);
  const denominator = Math.round(old_rate * 1e6);
  const divisor = greatestCommonDivisor(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);
