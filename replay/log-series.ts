/**
 * The series that a page draws, collected while a log is scanned: candles of each symbol, the account's curve, fills,
 * regimes and scores. They are kept at a bounded number of points, and joined further where fewer are asked for.
 */
import type { Core } from '../src/engine/core.ts';
import type { ConvictionChanged, RegimeChanged } from '../src/events/decision.events.ts';
import type { SessionCarried } from '../src/events/engine.events.ts';
import type { StoredEvent } from '../src/events/envelope.ts';
import type { SplitApplied } from '../src/events/option.events.ts';
import type { OrderFilled } from '../src/events/order.events.ts';
import { DAY_S } from '../src/events/tick.ts';
import { carriedState } from '../src/projections/carried-state.ts';
import { regimeRegions } from '../src/projections/run-records.ts';
import type { Bar } from '../src/streams/bar.ts';
import { MarksMoved } from '../src/streams/market-data.ts';
import { CandleSeries } from './candle-series.ts';
import type {
  ConvictionPoint,
  CurveQuery,
  EquityCurve,
  FillPoint,
  RegimeSpan,
  SeriesQuery,
  SpanQuery,
  SymbolSeries,
} from './log-view.ts';

const ACTOR = 'chart-series';
const DAY_US = DAY_S * 1_000_000;
/** Candles of all symbols together; each keeps its share. */
const CANDLES = 1_000_000;
const CANDLES_OF_ONE = 200_000;
const SAMPLES = 32_768;
export const POINTS = 2_000;

interface Sample {
  readonly seq: number;
  readonly timeUs: number;
  readonly micros: number;
  readonly fall: number;
}

type Change = Pick<RegimeSpan, 'region' | 'state' | 'seq' | 'fromUs'>;

export class LogSeries {
  readonly #core: Core;
  readonly #candles = new Map<string, CandleSeries>();
  /** End of the newest bar that is shorter than a day, by symbol. */
  readonly #intradayAt = new Map<string, number>();
  readonly #fills: FillPoint[] = [];
  readonly #regimes = new Map<string, Change[]>();
  readonly #convictions = new Map<string, ConvictionPoint[]>();
  #samples: Sample[] = [];

  /** Listens in a core that has had no input yet. */
  constructor(core: Core) {
    this.#core = core;
    const { kernel, actors } = core;
    const { decided } = actors.market;
    const most = Math.max(2_000, Math.min(CANDLES_OF_ONE, Math.floor(CANDLES / Math.max(1, decided.length))));
    for (const symbol of decided) {
      this.#candles.set(symbol, new CandleSeries(most));
      kernel.listen(actors.market.decisionBars(symbol), ACTOR, (bar) => this.#bar(bar));
    }
    kernel.onNotice(MarksMoved, ACTOR, ({ payload }) => this.#bar(payload));
  }

  note(event: StoredEvent): void {
    switch (event.type) {
      case 'SessionCarried':
        return this.#carried(event as StoredEvent<SessionCarried>);
      case 'OrderFilled':
        return this.#filled(event as StoredEvent<OrderFilled>);
      case 'SplitApplied': {
        const { symbol, numerator, denominator } = event.payload as SplitApplied;
        return this.#candles.get(symbol)?.rescale(denominator / numerator);
      }
      case 'RegimeChanged': {
        const { symbol, region, to } = event.payload as RegimeChanged;
        const change = { region, state: to, seq: event.seq, fromUs: event.recordedAt };
        return void listOf(this.#regimes, symbol).push(change);
      }
      case 'ConvictionChanged': {
        const { symbol, direction, conviction } = event.payload as ConvictionChanged;
        const point = { seq: event.seq, timeUs: event.recordedAt, direction, conviction };
        return void listOf(this.#convictions, symbol).push(point);
      }
    }
  }

  /** The account as it stands: micro-dollars without transfers, and how far below its peak. */
  sample(sample: Sample): void {
    const { length } = this.#samples;
    if (length > 0 && this.#samples[length - 1].timeUs === sample.timeUs) this.#samples.pop();
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES) this.#samples = this.#samples.filter((_, i) => i % 2 === 0);
  }

  ofSymbol({ symbol, points = POINTS, ...span }: SeriesQuery): SymbolSeries {
    const { candles, barsPerCandle } = this.#candles.get(symbol)!.between(span, points);
    return {
      symbol,
      candles,
      barsPerCandle,
      regimes: this.#spans(symbol, span),
      fills: this.fills(span).filter(({ underlying }) => underlying === symbol),
      convictions: (this.#convictions.get(symbol) ?? []).filter((each) => lies(each, span)),
    };
  }

  get symbols(): readonly string[] {
    return [...this.#candles.keys()];
  }

  fills(span: SpanQuery): FillPoint[] {
    return this.#fills.filter((each) => lies(each, span));
  }

  equity({ points = POINTS, ...span }: CurveQuery, startMicros: number): EquityCurve {
    const all = this.#samples.filter((each) => lies(each, span));
    const step = Math.max(1, Math.ceil(all.length / points));
    // The newest is always among them.
    const kept = all.filter((_, i) => (all.length - 1 - i) % step === 0);
    return {
      points: kept.map(({ timeUs, micros, fall }) => [timeUs, micros / 1e6, fall] as const),
      startEquity: startMicros / 1e6,
    };
  }

  /** A day's bar says nothing new where shorter ones of it are there; what was told before is told again after a split. */
  #bar(bar: Bar): void {
    const { symbol, time, resolutionS } = bar;
    const candles = this.#candles.get(symbol);
    if (candles === undefined || time <= candles.newest) return;
    const intradayAt = this.#intradayAt.get(symbol) ?? Number.NEGATIVE_INFINITY;
    if (resolutionS === DAY_S && intradayAt > time - DAY_US) return;
    if (resolutionS < DAY_S) this.#intradayAt.set(symbol, time);
    candles.push(bar, this.#core.kernel.seq);
  }

  #carried({ seq, recordedAt, payload }: StoredEvent<SessionCarried>): void {
    for (const [symbol, now] of carriedState(payload.state).regimes) {
      for (const region of regimeRegions) {
        const state = now[region];
        if (state !== null) listOf(this.#regimes, symbol).push({ region, state, seq, fromUs: recordedAt });
      }
    }
  }

  #filled({ seq, recordedAt, payload }: StoredEvent<OrderFilled>): void {
    const { ordinal, symbol, side, lastQty, lastPx } = payload;
    const { orders, pricing } = this.#core.actors;
    const intended = orders.get(ordinal)?.intended;
    this.#fills.push({
      seq,
      timeUs: recordedAt,
      symbol,
      underlying: pricing.underlyingOf(symbol),
      side,
      quantity: lastQty,
      px: lastPx,
      ordinal,
      action: intended?.action ?? null,
      role: intended?.role ?? null,
      reason: intended?.reason ?? null,
    });
  }

  /** Those that reach into the span, each until the next of its region. */
  #spans(symbol: string, { fromUs = Number.NEGATIVE_INFINITY, toUs, upTo }: SpanQuery): RegimeSpan[] {
    const changes = (this.#regimes.get(symbol) ?? []).filter((each) =>
      lies({ seq: each.seq, timeUs: each.fromUs }, { toUs, upTo }),
    );
    return changes
      .map((change, i) => {
        const next = changes.slice(i + 1).find(({ region }) => region === change.region);
        return { ...change, toUs: next?.fromUs ?? null };
      })
      .filter((each) => each.toUs === null || each.toUs >= fromUs);
  }
}

const lies = (
  { seq, timeUs }: { readonly seq: number; readonly timeUs: number },
  { fromUs = Number.NEGATIVE_INFINITY, toUs = Number.POSITIVE_INFINITY, upTo }: SpanQuery,
): boolean => timeUs >= fromUs && timeUs <= toUs && (upTo === undefined || seq <= upTo);

function listOf<T>(lists: Map<string, T[]>, key: string): T[] {
  let list = lists.get(key);
  if (list === undefined) lists.set(key, (list = []));
  return list;
}
