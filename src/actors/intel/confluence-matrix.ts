/**
 * Puts volume spikes and sentiment together: a spike with a fresh catalyst of its ticker is an overreaction to buy, a
 * breakout to follow or a death spiral to stay out of; a spike alone is noise. Spikes come from the cloud or, without one,
 * from the engine's own bars; for a bitcoin that neither knows, from the bus.
 */
import type { Kernel } from '../../bus/kernel.ts';
import { type Config, configFor } from '../../domain/config.ts';
import { meansSymbol } from '../../domain/intel.ts';
import {
  CloudSignalsReported,
  ConfluenceFound,
  IntelBusOpened,
  IntelReceived,
  type SpikeSource,
  VolumeSpiked,
} from '../../events/intel.events.ts';
import { SplitApplied } from '../../events/option.events.ts';
import { FiveMinuteVolume, type VolumeReading } from '../../streams/five-minute-volume.ts';
import type { Heard, IntelSignals } from '../../streams/intel-signals.ts';
import { DayDecided, type MarketData, MarksMoved } from '../../streams/market-data.ts';
import { basisOf } from '../basis.ts';

const ACTOR = 'confluence-matrix';
/** How long a spike waits for its catalyst. */
const SPIKE_LIFE_US = 300_000_000;

export type Scenario = ConfluenceFound['scenario'];

interface Spike {
  readonly source: SpikeSource;
  readonly multiplier: number;
  readonly priceChange: number | null;
  readonly synthetic: boolean;
  /** Microseconds: when it was seen. */
  readonly at: number;
  /** What it rests on; 0 where an earlier session saw it. */
  readonly seq: number;
}

/** What was found for a symbol since the last close that decided it. */
export interface Finding {
  readonly scenario: Scenario;
  /** A close has decided with it: it is over at the next one. */
  readonly counted: boolean;
  /** seq of the `ConfluenceFound`; 0 where an earlier session published it. */
  readonly seq: number;
}

interface Saved {
  readonly opened: IntelBusOpened | null;
  readonly volumes: ReturnType<FiveMinuteVolume['save']>;
  readonly spikes: readonly (readonly [string, Spike])[];
  readonly findings: readonly (readonly [string, Finding])[];
  readonly spiking: readonly string[];
}

interface Parts {
  readonly config: Config;
  readonly market: MarketData;
  readonly intel: IntelSignals;
}

export class ConfluenceMatrix {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  readonly #volumes = new FiveMinuteVolume();
  readonly #spikes = new Map<string, Spike>();
  readonly #findings = new Map<string, Finding>();
  /** Symbols beyond the threshold at the last look: a spike is said once, not every minute. */
  readonly #spiking = new Set<string>();
  readonly #newest = new Map<string, VolumeReading>();
  #opened: IntelBusOpened | null = null;

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    kernel.on(IntelBusOpened, ACTOR, ({ payload }) => {
      this.#opened = payload;
    });
    kernel.onNotice(MarksMoved, ACTOR, ({ payload }) => {
      // Nobody asks without a bus: a simulation's every bar would pay for it.
      if (this.#opened === null) return;
      const reading = this.#volumes.add(payload);
      if (reading === null) return;
      this.#newest.set(payload.symbol, reading);
      if (!this.#opened.cloud) this.#judgeBars(reading, payload.seq);
    });
    kernel.on(CloudSignalsReported, ACTOR, ({ payload, seq }) => this.#judgeCloud(payload, seq));
    kernel.on(IntelReceived, ACTOR, ({ payload, seq }) => {
      if (payload.signal.key === 'intel:btc_volume_spike') this.#joinBitcoin(seq);
      if (payload.signal.key === 'intel:social_score')
        for (const symbol of [...this.#spikes.keys()].sort()) this.#judge(symbol);
    });
    kernel.on(SplitApplied, ACTOR, ({ payload: { symbol, numerator, denominator } }) =>
      this.#volumes.rescale(symbol, denominator / numerator),
    );
    kernel.onNotice(DayDecided, ACTOR, ({ payload }) => this.#turnDay(payload.calendar));
    kernel.carry(ACTOR, { save: () => this.#save(), restore: (state) => this.#restore(state as Saved) });
  }

  /** What counts at the close that is decided now, or at the next one. */
  of(symbol: string): Finding | null {
    return this.#findings.get(symbol) ?? null;
  }

  /** The newest five minutes of a symbol, where its bars tell of volume. */
  volumeOf(symbol: string): VolumeReading | null {
    return this.#newest.get(symbol) ?? null;
  }

  #judgeBars({ symbol, multiplier, priceChange, windowEnd }: VolumeReading, seq: number): void {
    const { spikeMultiplier } = configFor(this.#parts.config, symbol).intel;
    if (multiplier === null || multiplier < spikeMultiplier) {
      this.#spiking.delete(symbol);
      return;
    }
    let cause = seq;
    if (!this.#spiking.has(symbol)) {
      this.#spiking.add(symbol);
      const spiked = {
        symbol,
        source: 'bars',
        multiplier,
        priceChange: priceChange ?? 0,
        windowEnd,
      } as const;
      cause = this.#kernel.publish(VolumeSpiked.of(spiked), { causation: seq });
    }
    this.#enter(symbol, { source: 'bars', multiplier, priceChange, synthetic: false, seq: cause });
  }

  #judgeCloud({ spikes }: CloudSignalsReported, seq: number): void {
    for (const { symbol: named, multiplier, priceChange } of spikes) {
      const symbol = this.#parts.market.decided.find((each) => meansSymbol(named, each));
      if (symbol === undefined) continue;
      if (multiplier < configFor(this.#parts.config, symbol).intel.spikeMultiplier) continue;
      this.#enter(symbol, { source: 'bigquery', multiplier, priceChange, synthetic: false, seq });
    }
    this.#joinBitcoin(seq);
  }

  /** The bus speaks for bitcoin where no data of ours do; what the price did is our own word, where there is one. */
  #joinBitcoin(seq: number): void {
    const { intel, market } = this.#parts;
    const heard = intel.fresh('intel:btc_volume_spike');
    if (this.#opened === null || heard === null || !heard.value.detected) return;
    const symbol = market.decided.find(
      (each) => meansSymbol(heard.value.symbol, each) || meansSymbol('BTC', each),
    );
    if (symbol === undefined) return;
    const known = this.#opened.cloud
      ? intel.cloudHasBtc !== false
      : (this.volumeOf(symbol)?.multiplier ?? null) !== null;
    if (known) return;
    const priceChange = this.#volumes.priceChange(symbol, this.#kernel.now);
    const { multiplier } = heard.value;
    this.#enter(symbol, { source: 'bus', multiplier, priceChange, synthetic: true, seq });
  }

  #enter(symbol: string, spike: Omit<Spike, 'at'>): void {
    this.#spikes.set(symbol, { ...spike, at: this.#kernel.now });
    this.#judge(symbol);
  }

  /** A spike and its catalyst may come in either order. */
  #judge(symbol: string): void {
    const { config, intel } = this.#parts;
    const spike = this.#spikes.get(symbol)!;
    if (this.#kernel.now - spike.at >= SPIKE_LIFE_US) {
      this.#spikes.delete(symbol);
      return;
    }
    const catalyst = intel.catalystFor(symbol);
    const { priceMove, catalystMin } = configFor(config, symbol).intel;
    if (catalyst === null || spike.priceChange === null || Math.abs(catalyst.value) <= catalystMin) return;
    const scenario = scenarioOf(spike.priceChange, catalyst.value, priceMove);
    const standing = this.#findings.get(symbol);
    if (scenario === null || (standing?.scenario === scenario && !standing.counted)) return;
    this.#announce(symbol, scenario, { ...spike, priceChange: spike.priceChange }, catalyst);
  }

  #announce(
    symbol: string,
    scenario: Scenario,
    { source, multiplier, priceChange, synthetic, seq }: Spike & { readonly priceChange: number },
    catalyst: Heard<number>,
  ): void {
    const found = ConfluenceFound.of({
      symbol,
      scenario,
      spike: { source, multiplier, priceChange, synthetic },
      catalyst: {
        score: catalyst.value,
        sourceSystem: catalyst.sourceSystem,
        confidence: catalyst.confidence,
        ageS: catalyst.ageS,
      },
    });
    const published = this.#kernel.publish(found, { basis: basisOf([seq, catalyst.seq]) });
    this.#findings.set(symbol, { scenario, counted: false, seq: published });
  }

  /** The day that is decided now sees what was found since the one before; that is over with it. */
  #turnDay(calendar: string): void {
    const { market } = this.#parts;
    for (const [symbol, finding] of [...this.#findings]) {
      if (market.calendarOf(symbol) !== calendar) continue;
      if (finding.counted) this.#findings.delete(symbol);
      else this.#findings.set(symbol, { ...finding, counted: true });
    }
  }

  #save(): Saved {
    const sorted = <V>(map: ReadonlyMap<string, V>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      opened: this.#opened,
      volumes: this.#volumes.save(),
      spikes: sorted(this.#spikes),
      findings: sorted(this.#findings),
      spiking: [...this.#spiking].sort(),
    };
  }

  #restore({ opened, volumes, spikes, findings, spiking }: Saved): void {
    this.#opened = opened;
    this.#volumes.restore(volumes);
    for (const [symbol, spike] of spikes) this.#spikes.set(symbol, { ...spike, seq: 0 });
    for (const [symbol, finding] of findings) this.#findings.set(symbol, { ...finding, seq: 0 });
    for (const symbol of spiking) this.#spiking.add(symbol);
  }
}

/** Null: the price did not move enough, or sentiment and price leave nothing to do. */
export function scenarioOf(priceChange: number, score: number, priceMove: number): Scenario | null {
  if (priceChange <= -priceMove) return score > 0 ? 'overreactionDip' : 'deathSpiral';
  return priceChange >= priceMove && score > 0 ? 'confirmedBreakout' : null;
}
