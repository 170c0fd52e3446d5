/** What a paper or live engine shows a person who watches it, line by line, and what it leaves to look at when it ends. */
import pc from 'picocolors';
import { summarizeEvent } from '../../replay/event-summary.ts';
import { money } from '../../replay/format.ts';
import { tradingDayAt, tradingSession } from '../domain/exchange-calendar.ts';
import { fromMicros, toMicros } from '../domain/money.ts';
import type { Position } from '../domain/position-book.ts';
import type { EngineState } from '../engine/live/engine-health.ts';
import type { LiveEngine } from '../engine/live/live-engine.ts';
import type { LiveSession } from '../engine/live/live-session.ts';
import { ClockTicked } from '../events/engine.events.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { HistoryLoaded } from '../events/feed.events.ts';
import { OrderFilled } from '../events/order.events.ts';

/** What people want to see of a day; bookkeeping, look-ups and the tests behind a decision are in the log. */
const SHOWN: ReadonlySet<string> = new Set([
  'SessionStarted',
  'SessionResumed',
  'SessionEnded',
  'EngineHalted',
  'OperatorCommanded',
  HistoryLoaded.type,
  'HoldingAdopted',
  'ReconciliationFailed',
  'TradingResumed',
  'FeedStatusChanged',
  'FeedGapDetected',
  'BackfillEnded',
  'ViewSourceChanged',
  'ViewQuoted',
  'SymbolHaltChanged',
  'MarketOpened',
  'MarketClosed',
  'RegimeChanged',
  'SelectionMade',
  'ExitTriggered',
  'TradingStateChanged',
  'VolatilityGuardChanged',
  'HedgeStateChanged',
  'IntentDeferred',
  'IntentDropped',
  'WalkStepped',
  'SubmitAttempted',
  'OrderDenied',
  OrderFilled.type,
  'OrderCanceled',
  'OrderRejected',
  'OrderExpired',
  'OrderOutcomeUnknown',
  'OrderGivenUp',
  'TradeBusted',
  'TradeCorrected',
  'OptionSettled',
  'CorporateActionHeard',
  'SplitApplied',
]);

/** A start's first connection has a gap before it, too; only those in mid-session are news. */
const CATCHES_UP: ReadonlySet<string> = new Set(['FeedGapDetected', 'BackfillEnded']);
/** Positions are marked this often. */
const MARKS_EVERY_US = 5_000_000;

export class LiveLines {
  readonly #print: (line: string) => void;
  readonly #engine: () => Pick<LiveEngine, 'session'>;
  #state: EngineState = 'stopped';
  #hasToldHours = false;
  #markedAt = 0;
  #marks = '';
  #fills = 0;
  /** The last fill, and the log it stands in. */
  #lastFill: { readonly seq: number; readonly path: string } | null = null;

  constructor(print: (line: string) => void, engine: () => Pick<LiveEngine, 'session'>) {
    this.#print = print;
    this.#engine = engine;
  }

  event(event: StoredEvent): void {
    const { type, recordedAt, seq } = event;
    if (type === ClockTicked.type) return this.#mark(recordedAt);
    if (!SHOWN.has(type) || (CATCHES_UP.has(type) && this.#state !== 'trading')) return;
    if (type === OrderFilled.type) {
      this.#fills += 1;
      const { session } = this.#engine();
      if (session !== null) this.#lastFill = { seq, path: session.path };
    }
    this.#print(`${clockTime(recordedAt)}  ${type.padEnd(20)} ${shortly(event)}`);
  }

  state(state: EngineState, why: string): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#print(why === '' ? `engine ${state}` : `engine ${state}: ${why}`);
    const { session } = this.#engine();
    if (state !== 'trading' || session === null || this.#hasToldHours) return;
    this.#hasToldHours = true;
    for (const line of marketHours(session)) this.#print(line);
  }

  /** After the end: where it stands, where its log is, what can be asked of it. */
  farewell(program: string): string {
    const session = this.#engine().session!;
    const { path } = session;
    const fill = this.#lastFill;
    const held = holdings(session).map(({ symbol, quantity }) => `${amount(quantity)} ${symbol}`);
    const next = [
      ['prove it', `${program} replay ${path} --verify`],
      ...(fill === null ? [] : [['ask why', `${program} why ${fill.path} ${fill.seq}`]]),
      ['what if', `${program} whatif ${path} --set selector.equityConviction=70`],
      ['see it', `${program} report ${path} --out report.html`],
      ['go on', 'start it again: it takes up what this session left'],
    ];
    return [
      '',
      `${this.#fills} fills; ${held.length === 0 ? 'nothing is held' : `held: ${held.join(', ')}`}; equity ${equity(session)}.`,
      `Everything is recorded in ${path}`,
      '',
      pc.bold('Try next'),
      ...next.map(([what, how]) => `  ${what.padEnd(9)} ${how}`),
    ].join('\n');
  }

  #mark(now: number): void {
    const { session } = this.#engine();
    if (session === null || now < this.#markedAt + MARKS_EVERY_US) return;
    this.#markedAt = now;
    const marks = holdings(session).map((position) => markOf(session, position));
    if (marks.length === 0) return;
    const line = `${marks.join('; ')}; equity ${equity(session)}`;
    if (line === this.#marks) return;
    this.#marks = line;
    this.#print(`${clockTime(now)}  ${'positions'.padEnd(20)} ${line}`);
  }
}

/** When something can happen: whoever starts on a Saturday should not wonder why nothing does. */
function marketHours({ core, manifest }: LiveSession): string[] {
  const { kernel, actors } = core;
  const calendars = [...new Set(manifest.symbols.map((symbol) => actors.market.calendarOf(symbol)))];
  return calendars.map((calendar) => {
    const { open, close } = tradingSession(calendar, tradingDayAt(calendar, kernel.now + 1))!;
    const until = (time: number) =>
      `${new Date(time / 1_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    return kernel.now < open
      ? `market ${calendar} is closed and opens at ${until(open)}: orders wait for it`
      : `market ${calendar} is open until ${until(close)}: strategies decide at its close`;
  });
}

const clockTime = (time: number): string => new Date(time / 1_000).toISOString().slice(11, 19);
const amount = (value: number): string => `${Math.round(value * 1e4) / 1e4}`;

const holdings = ({ core }: LiveSession): Position[] =>
  core.actors.portfolio.positions().filter(({ quantity }) => quantity !== 0);

/** The ledger marks at the last bar or trade; whoever watches sees what the quotes say now. */
function gainMicros({ core }: LiveSession, position: Position): number {
  const { market, portfolio } = core.actors;
  const quote = market.quote(position.symbol);
  if (quote === null) return portfolio.unrealizedMicros(position);
  const { costMicros, multiplier, quantity } = position;
  return toMicros(((quote.bidPx + quote.askPx) / 2) * quantity * multiplier) - costMicros;
}

function equity(session: LiveSession): string {
  const { portfolio } = session.core.actors;
  const moved = holdings(session).map((each) => gainMicros(session, each) - portfolio.unrealizedMicros(each));
  return money(fromMicros(moved.reduce((sum, micros) => sum + micros, portfolio.equityMicros())));
}

function markOf(session: LiveSession, position: Position): string {
  const { costMicros, multiplier, quantity, symbol } = position;
  const gain = gainMicros(session, position);
  const px = (micros: number) => amount(fromMicros(micros) / (quantity * multiplier));
  const sign = gain < 0 ? '' : '+';
  return `${amount(quantity)} ${symbol} at ${px(costMicros)}, now ${px(costMicros + gain)} (${sign}${money(fromMicros(gain))})`;
}

/** One line that fits: the tests behind a choice are for `why`. */
function shortly(event: StoredEvent): string {
  const { type, payload } = event;
  if (type === 'SelectionMade') {
    const { symbol, choice, reason } = payload as { symbol: string; choice: string; reason: string };
    return `${symbol}: ${choice}, ${reason}`;
  }
  return summarizeEvent(event);
}
