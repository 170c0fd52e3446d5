/** Puts a moment together: what the core says of itself, and which recorded decisions stand. */
import type { ActorSystem } from '../src/actors/actor-system.ts';
import { tradingDayAt } from '../src/domain/exchange-calendar.ts';
import { fromMicros } from '../src/domain/money.ts';
import { type Core, describeState } from '../src/engine/core.ts';
import type { ConvictionChanged } from '../src/events/decision.events.ts';
import type { SessionStarted } from '../src/events/engine.events.ts';
import type { StoredEvent } from '../src/events/envelope.ts';
import type { LogIndex } from './log-index.ts';
import type {
  EngineMoment,
  FeedMoment,
  HedgingMoment,
  LogHeadNow,
  MoneyMoment,
  QuoteMoment,
  SessionOfMoment,
  Standing,
  SymbolMoment,
  TradingMoment,
  Transition,
  WaitingMoment,
  WalkMoment,
} from './moment.ts';
import type { SessionPlayer } from './session-player.ts';

const MOVES = 10;

export interface MomentSources {
  readonly manifest: SessionStarted;
  readonly startedAtUs: number;
  readonly index: LogIndex;
  readonly head: LogHeadNow;
  readonly differsFrom: number | null;
  /** The recorded event at a seq. */
  readonly eventAt: (seq: number) => StoredEvent;
}

export const isoOf = (us: number): string => new Date(us / 1_000).toISOString();

export function describeMoment(player: SessionPlayer, sources: MomentSources): EngineMoment {
  const { core, views, seq } = player;
  const { seq: _, time: timeUs, ...state } = describeState(core);
  const at = new At(sources, seq);
  return {
    ...state,
    seq,
    time: isoOf(timeUs),
    timeUs,
    session: sessionOf(sources),
    head: sources.head,
    differsFrom: sources.differsFrom,
    money: moneyOf(player),
    quotes: quotesOf(core, at),
    views: views.source === null ? null : { ...views.source, prices: views.at(timeUs) },
    walks: walksOf(core.actors),
    waiting: waitingOf(core.actors),
    symbols: core.actors.market.decided.map((symbol) => symbolOf(core.actors, symbol, at)),
    hedging: hedgingOf(core.actors, at),
    feeds: feedsOf(core, at),
    trading: tradingOf(core.actors, at),
    transitions: transitionsOf(sources.index, seq),
  };
}

/** What stands in the log at a moment. */
class At {
  readonly #sources: MomentSources;
  readonly #seq: number;

  constructor(sources: MomentSources, seq: number) {
    this.#sources = sources;
    this.#seq = seq;
  }

  event(subject: string): StoredEvent | null {
    const { index, eventAt } = this.#sources;
    const seq = index.standing(subject, this.#seq);
    return seq === null ? null : eventAt(seq);
  }

  standing<P>(subject: string): Standing<P> | null {
    const event = this.event(subject);
    if (event === null) return null;
    const { seq, recordedAt, payload } = event;
    return { seq, time: isoOf(recordedAt), timeUs: recordedAt, payload: payload as P };
  }
}

function sessionOf({ manifest, startedAtUs }: MomentSources): SessionOfMoment {
  const { session, mode, continues, run, symbols, engineVersion, modelled } = manifest;
  const { profile, benchmark, strategy } = run;
  return {
    name: session,
    mode,
    continues,
    strategy: strategy.name,
    profile,
    symbols,
    benchmark,
    engineVersion,
    modelled,
    startedAt: isoOf(startedAtUs),
  };
}

function moneyOf({ core, track }: SessionPlayer): MoneyMoment {
  const { portfolio, tradingState } = core.actors;
  const equityMicros = portfolio.equityMicros();
  const own = equityMicros - portfolio.transferredMicros;
  const { micros, share } = tradingState.loss;
  const drawdown = track.fallOf(own);
  return {
    equity: fromMicros(equityMicros),
    cash: fromMicros(portfolio.cashMicros),
    profit: fromMicros(own - (track.startMicros ?? own)),
    dayProfit: fromMicros(0 - micros),
    dayProfitShare: Number.isFinite(share) ? 0 - share : null,
    drawdown,
    deepestDrawdown: Math.max(track.deepest, drawdown),
  };
}

/** Every symbol that is no contract, and the contracts somebody has to do with now. */
function quotesOf({ kernel, actors }: Core, at: At): QuoteMoment[] {
  const { market, portfolio, orders, workers, desk, hedging } = actors;
  const isContract = (symbol: string) => actors.options.contract(symbol) !== undefined;
  const chosen = market.decided.map(
    (symbol) => at.standing<{ contract: string | null }>(`SelectionMade ${symbol}`)?.payload.contract ?? null,
  );
  const symbols = new Set([
    ...market.symbols.names().filter((symbol) => market.symbols.get(symbol)!.assetClass !== 'option'),
    ...portfolio.positions().map(({ symbol }) => symbol),
    ...Array.from(orders.working(), ({ intended }) => intended.symbol),
    ...workers.intents().map(({ symbol }) => symbol),
    ...desk.symbols(),
    ...[...chosen, hedging?.view().sized?.contract ?? null].filter((each) => each !== null),
  ]);
  return [...symbols].sort().map((symbol) => quoteOf(actors, symbol, kernel.now, isContract(symbol)));
}

function quoteOf(
  { market, options, pricing }: ActorSystem,
  symbol: string,
  now: number,
  isContract: boolean,
): QuoteMoment {
  const quote = pricing.quote(symbol);
  const recorded = isContract ? options.quote(symbol) : market.quote(symbol);
  const isModelled = pricing.barMode(symbol) || (isContract && (options.quote(symbol)?.modelled ?? false));
  const midPx = quote === null ? null : (quote.bidPx + quote.askPx) / 2;
  const spread = quote === null ? null : quote.askPx - quote.bidPx;
  return {
    symbol,
    assetClass: isContract ? 'option' : (market.symbols.get(symbol)?.assetClass ?? 'equity'),
    underlying: options.contract(symbol)?.underlying ?? null,
    lastPx: market.lastPx(symbol) ?? null,
    bidPx: quote?.bidPx ?? null,
    askPx: quote?.askPx ?? null,
    midPx,
    spread,
    spreadBps: spread === null || !midPx ? null : (spread / midPx) * 10_000,
    ageMs: recorded === null || isModelled ? null : Math.max(0, (now - recorded.quotedAt) / 1_000),
    modelled: quote !== null && isModelled,
    previousClosePx: previousClose(market, symbol, now),
  };
}

function previousClose(market: ActorSystem['market'], symbol: string, now: number): number | null {
  const day = market.lastDay(symbol);
  if (day === null) return null;
  const calendar = market.calendarOf(symbol);
  if (tradingDayAt(calendar, day.time) !== tradingDayAt(calendar, now)) return day.close;
  const { close } = market.history(symbol);
  return close.length > 1 ? close.ago(1) : null;
}

const walksOf = ({ workers }: ActorSystem): WalkMoment[] =>
  workers
    .walks()
    .map(({ intent, quote, ...walk }) => {
      const { symbol, side, action, role, reason } = intent;
      const { bidPx = null, askPx = null } = quote ?? {};
      const midPx = bidPx === null || askPx === null ? null : (bidPx + askPx) / 2;
      return { symbol, side, action, role, intent: intent.intent, reason, ...walk, bidPx, midPx, askPx };
    })
    .sort((a, b) => (a.symbol < b.symbol ? -1 : 1));

const waitingOf = ({ desk }: ActorSystem): WaitingMoment[] =>
  desk.held().map(({ intent: { symbol, side, action, role, intent, reason }, released }) => {
    return { symbol, side, action, role, intent, reason, released };
  });

const regions = ['trend', 'volatility', 'structure'] as const;

function symbolOf({ strategist, regimes, selector }: ActorSystem, symbol: string, at: At): SymbolMoment {
  const states = regimes?.of(symbol).states ?? null;
  const view = selector?.view(symbol) ?? null;
  const planOf = (plan: 'equity' | 'option') => {
    const { instrument, direction, bestClose, stopPx } = view!.plans[plan];
    return { state: view!.state[plan], instrument, direction, bestClose, stopPx };
  };
  return {
    symbol,
    newest: { long: strategist.newest(symbol, 'long'), short: strategist.newest(symbol, 'short') },
    conviction: convictionOf(strategist.scoresBothSides, symbol, at),
    selection: at.standing(`SelectionMade ${symbol}`),
    regime:
      states &&
      (Object.fromEntries(
        regions.map((region) => [
          region,
          { state: states[region], changed: at.standing(`regime ${symbol} ${region}`) },
        ]),
      ) as SymbolMoment['regime']),
    guard: view && {
      state: view.state.guard,
      changed: at.standing(`VolatilityGuardChanged ${symbol}`),
    },
    plans: view && { equity: planOf('equity'), option: planOf('option') },
  };
}

/** The last word on the symbol; of two sides that are scored apart, the stronger one. */
function convictionOf(scoresBothSides: boolean, symbol: string, at: At): Standing<ConvictionChanged> | null {
  if (!scoresBothSides) return at.standing(`conviction ${symbol}`);
  const sides = (['long', 'short'] as const).map((side) =>
    at.standing<ConvictionChanged>(`conviction ${symbol} ${side}`),
  );
  const [long, short] = sides;
  if (long === null || short === null) return long ?? short;
  return short.payload.conviction > long.payload.conviction ? short : long;
}

function hedgingOf({ hedging, exposures }: ActorSystem, at: At): HedgingMoment | null {
  if (hedging === null) return null;
  return {
    state: hedging.view().state,
    changed: at.standing('HedgeStateChanged'),
    sized: at.standing('HedgeSized'),
    exposure: exposures.sum(['core', 'tactical']).betaWeighted,
    covered: 0 - exposures.sum(['hedge']).betaWeighted,
  };
}

const feedsOf = ({ kernel, actors }: Core, at: At): FeedMoment[] =>
  actors.feeds.opened().map((feed) => {
    const changed = at.event(`feed ${feed}`) as StoredEvent<{ reason: string }> | null;
    const opened = at.event(`opened ${feed}`) as StoredEvent<{ source: string }> | null;
    const heardAt = feed === 'orders' ? 0 : actors.market.heardOn(feed);
    return {
      feed,
      state: actors.feeds.state(feed)!,
      tradable: actors.feeds.isTradable(feed),
      source: opened?.payload.source ?? null,
      reason: changed?.payload.reason ?? null,
      since: changed === null ? null : isoOf(changed.recordedAt),
      silentMs: heardAt === 0 ? null : Math.max(0, (kernel.now - heardAt) / 1_000),
    };
  });

function tradingOf({ tradingState }: ActorSystem, at: At): TradingMoment {
  const changed = at.standing<{ reason: string }>('TradingStateChanged');
  return {
    state: tradingState.current,
    regions: { ...tradingState.regions },
    reason: changed?.payload.reason ?? null,
    since: changed?.time ?? null,
    sinceSeq: changed?.seq ?? null,
  };
}

function transitionsOf(index: LogIndex, seq: number): Record<string, Transition[]> {
  const moves = Object.entries(index.movesUpTo(seq, MOVES)).map(([actor, all]) => [
    actor,
    all.map(({ timeUs, ...move }) => ({ ...move, time: isoOf(timeUs) })),
  ]);
  return Object.fromEntries(moves);
}
