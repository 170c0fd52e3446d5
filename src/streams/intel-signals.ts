/**
 * What other systems said last, folded from recorded inputs: each value until its end, and from then on as if it had never
 * come. Redis may be there or not: a value that was received only expires.
 */
import type { Kernel } from '../bus/kernel.ts';
import {
  type ConsumedKey,
  FEAR_GREED_KEY,
  type IntelSignal,
  meansSymbol,
  PARTNER_KEY,
} from '../domain/intel.ts';
import {
  CloudSignalsReported,
  FearGreedReported,
  IntelReceived,
  PartnerPositionsReported,
} from '../events/intel.events.ts';

const ACTOR = 'intel-signals';

type SignalOf<K extends ConsumedKey> = Extract<IntelSignal, { key: K }>;

/** A value with all that has to be said of it where it is used. */
export interface Heard<V> {
  readonly value: V;
  readonly sourceSystem: string;
  readonly confidence: number;
  /** Seconds since 1970. */
  readonly timestampS: number;
  /** Microseconds. */
  readonly expiresAt: number;
  /** Seconds it is old at the moment it is read. */
  readonly ageS: number;
  /** Of its input; 0 where an earlier session heard it. */
  readonly seq: number;
}

/** As it is kept: its age depends on who asks when. */
type Kept<V> = Omit<Heard<V>, 'ageS'>;

/** What a strategy may know of the world beside the bars. */
export interface SymbolIntel {
  readonly fedBias: Heard<string> | null;
  /** Of the symbol, or of the market as a whole. */
  readonly socialScore: Heard<number> | null;
}

interface Saved {
  readonly signals: readonly (readonly [string, Kept<IntelSignal>])[];
  readonly fearGreed: Kept<number> | null;
  readonly partner: Kept<number> | null;
  readonly cloudHasBtc: boolean | null;
}

/** A value as `quantos state` and the page show it. */
export interface ShownIntel {
  readonly key: string;
  readonly value: unknown;
  readonly sourceSystem: string;
  readonly confidence: number;
  readonly ageMs: number;
  readonly ttlMs: number;
  readonly direction: 'received' | 'published';
}

export class IntelSignals {
  readonly #kernel: Kernel;
  readonly #signals = new Map<string, Kept<IntelSignal>>();
  #fearGreed: Kept<number> | null = null;
  #partner: Kept<number> | null = null;
  /** Whether the cloud's table has bitcoin; null before its first answer. */
  cloudHasBtc: boolean | null = null;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    kernel.onStream(IntelReceived, ACTOR, ({ payload, seq }) => this.#hear(payload, seq));
    kernel.onStream(FearGreedReported, ACTOR, ({ payload, seq, recordedAt }) => {
      this.#fearGreed = macro(payload.value, payload, seq, recordedAt);
    });
    kernel.onStream(PartnerPositionsReported, ACTOR, ({ payload, seq, recordedAt }) => {
      this.#partner = macro(payload.count, payload, seq, recordedAt);
    });
    kernel.onStream(CloudSignalsReported, ACTOR, ({ payload }) => {
      this.cloudHasBtc = payload.hasBtc;
    });
    kernel.carry(ACTOR, { save: () => this.#save(), restore: (state) => this.#restore(state as Saved) });
  }

  /** A consumed key's value while it lives, or null. */
  fresh<K extends ConsumedKey>(key: K): Heard<SignalOf<K>> | null {
    return this.#living(this.#signals.get(key) ?? null) as Heard<SignalOf<K>> | null;
  }

  get fearGreed(): Heard<number> | null {
    return this.#living(this.#fearGreed);
  }

  /** How many positions the partner has open. */
  get partnerPositions(): Heard<number> | null {
    return this.#living(this.#partner);
  }

  /** What speaks of a symbol. */
  viewOf(symbol: string): SymbolIntel {
    const bias = this.fresh('intel:fed_bias');
    const social = this.fresh('intel:social_score');
    const concerns =
      social !== null && (social.value.ticker === null || meansSymbol(social.value.ticker, symbol));
    return {
      fedBias: bias && { ...bias, value: bias.value.bias },
      socialScore: concerns ? { ...social, value: social.value.score } : null,
    };
  }

  /** Sentiment that names the symbol: the other half of a confluence. */
  catalystFor(symbol: string): Heard<number> | null {
    const social = this.fresh('intel:social_score');
    const ticker = social?.value.ticker ?? null;
    if (social === null || ticker === null || !meansSymbol(ticker, symbol)) return null;
    return { ...social, value: social.value.score };
  }

  entries(): ShownIntel[] {
    const signals = [...this.#signals.keys()].sort().map((key) => {
      const heard = this.fresh(key as ConsumedKey);
      if (heard === null) return null;
      const { key: _, ...value } = heard.value;
      return this.#entry(key, { ...heard, value });
    });
    const macros = [
      this.fearGreed && this.#entry(FEAR_GREED_KEY, this.fearGreed),
      this.partnerPositions && this.#entry(PARTNER_KEY, this.partnerPositions),
    ];
    return [...signals, ...macros].filter((each) => each !== null);
  }

  #entry(key: string, { value, sourceSystem, confidence, ageS, expiresAt }: Heard<unknown>): ShownIntel {
    return {
      key,
      value,
      sourceSystem,
      confidence,
      ageMs: Math.round(ageS * 1_000),
      ttlMs: Math.round((expiresAt - this.#kernel.now) / 1_000),
      direction: 'received',
    };
  }

  /** A message that was overtaken is not the newest word. */
  #hear({ signal, sourceSystem, timestampS, confidence, expiresAt }: IntelReceived, seq: number): void {
    const before = this.#signals.get(signal.key);
    if (before !== undefined && before.timestampS > timestampS) return;
    this.#signals.set(signal.key, { value: signal, sourceSystem, timestampS, confidence, expiresAt, seq });
  }

  #living<V>(kept: Kept<V> | null): Heard<V> | null {
    const { now } = this.#kernel;
    if (kept === null || now >= kept.expiresAt) return null;
    // A clock that is ahead of ours makes no negative age.
    return { ...kept, ageS: Math.max(0, Math.round(now / 1_000 - kept.timestampS * 1_000) / 1_000) };
  }

  #save(): Saved {
    return {
      signals: [...this.#signals].sort(([a], [b]) => (a < b ? -1 : 1)),
      fearGreed: this.#fearGreed,
      partner: this.#partner,
      cloudHasBtc: this.cloudHasBtc,
    };
  }

  #restore({ signals, fearGreed, partner, cloudHasBtc }: Saved): void {
    this.#signals.clear();
    for (const [key, heard] of signals) this.#signals.set(key, { ...heard, seq: 0 });
    this.#fearGreed = fearGreed && { ...fearGreed, seq: 0 };
    this.#partner = partner && { ...partner, seq: 0 };
    this.cloudHasBtc = cloudHasBtc;
  }
}

/** Values that do not stand on the bus in its own form: they are as old as their report. */
const macro = (
  value: number,
  { source, expiresAt }: { readonly source: string; readonly expiresAt: number },
  seq: number,
  recordedAt: number,
): Kept<number> => ({
  value,
  sourceSystem: source,
  confidence: 1,
  timestampS: recordedAt / 1e6,
  expiresAt,
  seq,
});
