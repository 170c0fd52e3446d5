/**
 * What we tell other systems, as decisions like any other: published when it changes, and again after a while only if it
 * was evaluated anew, so that a source that died expires at its readers. It sleeps until a session opens the bus, which
 * simulations never do.
 */
import type { Kernel } from '../../bus/kernel.ts';
import { type Config, configFor } from '../../domain/config.ts';
import { INTEL_TTL_S, meansSymbol, POSITIONS_KEY } from '../../domain/intel.ts';
import { canonicalJson } from '../../events/canonical.ts';
import { ClockTicked } from '../../events/engine.events.ts';
import {
  CloudSignalsReported,
  FearGreedReported,
  IntelBusOpened,
  IntelPublished,
} from '../../events/intel.events.ts';
import type { VolumeReading } from '../../streams/five-minute-volume.ts';
import type { ShownIntel } from '../../streams/intel-signals.ts';
import { type MarketData, MarksMoved } from '../../streams/market-data.ts';
import type { Portfolio } from '../account/portfolio.ts';
import type { Regimes } from '../market/regimes.ts';
import type { Feeds } from '../venue/feeds.ts';
import type { ConfluenceMatrix } from './confluence-matrix.ts';
import type { PortfolioHeat } from './portfolio-heat.ts';

const ACTOR = 'analyzer';
const BITCOIN = 'BTC';
/** The cloud's table has bitcoin, and says only of what spikes how much it is. */
const NO_SPIKE = { detected: false, multiplier: 0 } as const;

type Key =
  | 'intel:btc_volume_spike'
  | 'intel:vix_level'
  | 'intel:spy_trend'
  | 'intel:portfolio_heat'
  | typeof POSITIONS_KEY;

interface Said {
  readonly json: string;
  readonly value: unknown;
  readonly confidence: number | null;
  /** Microseconds. */
  readonly at: number;
}

interface Saved {
  readonly opened: IntelBusOpened | null;
  readonly said: readonly (readonly [string, Said])[];
}

interface Parts {
  readonly config: Config;
  readonly benchmark: string | null;
  readonly market: MarketData;
  readonly portfolio: Portfolio;
  readonly heat: PortfolioHeat;
  readonly matrix: ConfluenceMatrix;
  readonly feeds: Feeds;
  /** Null in profile `plain`. */
  readonly regimes: Regimes | null;
}

type Value = Parameters<typeof IntelPublished.of>[0]['value'];

export class Analyzer {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  readonly #said = new Map<string, Said>();
  #opened: IntelBusOpened | null = null;

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    kernel.on(IntelBusOpened, ACTOR, ({ payload }) => {
      this.#opened = payload;
    });
    kernel.on(FearGreedReported, ACTOR, ({ payload: { value, source } }) =>
      this.#say('intel:vix_level', vixLevel(value), 1, `fear and greed ${value} by ${source}`),
    );
    kernel.on(CloudSignalsReported, ACTOR, ({ payload }) => this.#sayCloudBitcoin(payload));
    kernel.onNotice(MarksMoved, ACTOR, ({ payload }) => this.#sayOwnBitcoin(payload.symbol));
    kernel.on(ClockTicked, ACTOR, () => this.#look());
    kernel.carry(ACTOR, {
      save: (): Saved => ({
        opened: this.#opened,
        said: [...this.#said].sort(([a], [b]) => (a < b ? -1 : 1)),
      }),
      restore: (state) => {
        const { opened, said } = state as Saved;
        this.#opened = opened;
        for (const [key, each] of said) this.#said.set(key, each);
      },
    });
  }

  /** What stands published and has not expired. */
  entries(): ShownIntel[] {
    const { now } = this.#kernel;
    return [...this.#said].flatMap(([key, { value, confidence, at }]) => {
      const ageMs = (now - at) / 1_000;
      const ttlMs = INTEL_TTL_S * 1_000 - ageMs;
      if (ttlMs <= 0) return [];
      const { sourceSystem } = this.#parts.config.intel;
      return [
        {
          key,
          value,
          sourceSystem,
          confidence: confidence ?? 1,
          ageMs,
          ttlMs,
          direction: 'published' as const,
        },
      ];
    });
  }

  /** What has no event of its own: four times a second, and nearly always nothing is new. */
  #look(): void {
    if (this.#opened === null) return;
    const { heat, portfolio, benchmark, regimes, feeds, market } = this.#parts;
    this.#say(
      'intel:portfolio_heat',
      Math.min(1, heat.value),
      1,
      `${heat.ours} positions of ours and the partner's`,
    );
    const positions = portfolio.positions().map(({ symbol, role, quantity, multiplier, costMicros }) => ({
      symbol,
      quantity,
      side: quantity < 0 ? 'short' : 'long',
      role,
      avg_price: quantity === 0 ? 0 : costMicros / (quantity * multiplier * 1e6),
    }));
    this.#say(POSITIONS_KEY, positions, null, 'the ledger');
    // A trend whose market is not heard is as old as the silence: it is not said again, and expires.
    if (benchmark === null || regimes === null || feeds.state(market.feedOf(benchmark)) !== 'live') return;
    const trend = spyTrend(regimes.of(benchmark).states.trend);
    if (trend !== null) this.#say('intel:spy_trend', trend, 1, `the regime of ${benchmark}`);
  }

  #sayCloudBitcoin({ spikes, hasBtc }: CloudSignalsReported): void {
    if (!hasBtc) return;
    const spike = spikes.find(({ symbol }) => meansSymbol(BITCOIN, symbol));
    const { multiplier } = spike ?? NO_SPIKE;
    this.#sayBitcoin({ detected: spike !== undefined, multiplier, symbol: BITCOIN }, 'BigQuery');
  }

  #sayOwnBitcoin(symbol: string): void {
    if (this.#opened?.cloud !== false || !meansSymbol(BITCOIN, symbol)) return;
    const reading: VolumeReading | null = this.#parts.matrix.volumeOf(symbol);
    if (reading?.multiplier == null) return;
    const { spikeMultiplier } = configFor(this.#parts.config, symbol).intel;
    const multiplier = Math.round(reading.multiplier * 1e4) / 1e4;
    this.#sayBitcoin(
      { detected: multiplier >= spikeMultiplier, multiplier, symbol: BITCOIN },
      `bars of ${symbol}`,
    );
  }

  #sayBitcoin(value: { detected: boolean; multiplier: number; symbol: string }, from: string): void {
    this.#say('intel:btc_volume_spike', value, Math.min(1, value.multiplier / 5), from);
  }

  /** Called with what was evaluated just now. */
  #say(key: Key, value: Value, confidence: number | null, from: string): void {
    if (this.#opened === null) return;
    const { now } = this.#kernel;
    const { refreshS, sourceSystem } = this.#parts.config.intel;
    const json = canonicalJson(value);
    const before = this.#said.get(key);
    const same = before?.json === json;
    if (same && now - before.at < refreshS * 1e6) return;
    this.#said.set(key, { json, value, confidence, at: now });
    this.#kernel.publish(
      IntelPublished.of({
        key,
        value,
        sourceSystem: confidence === null ? null : sourceSystem,
        confidence,
        ttlSeconds: INTEL_TTL_S,
        evaluatedAt: now,
        why: same ? 'refreshed' : 'changed',
        from,
      }),
    );
  }
}

/** Fear drives volatility: 50 at the greatest fear, 10 at least. */
export const vixLevel = (fearGreed: number): number => Math.min(50, Math.max(10, 50 - fearGreed / 2));

/** Null while there is no trend to speak of yet. */
function spyTrend(trend: string): string | null {
  if (trend === 'warmingUp') return null;
  return trend === 'bull' ? 'bullish' : trend === 'bear' ? 'bearish' : 'neutral';
}
