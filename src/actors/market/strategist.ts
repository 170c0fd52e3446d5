/**
 * Runs the session's strategy over the market's bars and publishes its view of each symbol when it changes enough to
 * matter: another side, a threshold of the selector crossed, or a step in conviction.
 */
import { deciding } from '../../bus/determinism-trap.ts';
import type { Kernel } from '../../bus/kernel.ts';
import { defineNotice } from '../../bus/kernel.ts';
import type { Config } from '../../domain/config.ts';
import { ConvictionChanged } from '../../events/decision.events.ts';
import { shouldPublish } from '../../streams/conviction.ts';
import type { IntelSignals } from '../../streams/intel-signals.ts';
import type { MarketData } from '../../streams/market-data.ts';
import type { Direction, ReadSignal, Signal, Strategy } from '../../streams/strategy.ts';
import { basisOf } from '../basis.ts';

const ACTOR = 'strategist';

/** A signal on its way from the strategy's stream to the bus. */
const SignalArrived = defineNotice<Signal>('SignalArrived');

/** How sure the strategy is of one side of one symbol. */
export interface Standing {
  readonly conviction: number;
  /** seq of the `ConvictionChanged`; 0 where there is none, or an earlier session published it. */
  readonly seq: number;
}

const NONE: Standing = { conviction: 0, seq: 0 };

type SavedScore = readonly [key: string, published: number, newest: number];

interface Wiring {
  readonly strategy: Strategy;
  readonly params: unknown;
  readonly symbols: readonly string[];
  readonly intel: IntelSignals;
  configOf(symbol: string): Config;
}

const keyOf = (symbol: string, direction: Direction): string => `${direction} ${symbol}`;

export class Strategist {
  readonly #kernel: Kernel;
  readonly #strategy: Strategy;
  readonly #configOf: (symbol: string) => Config;
  readonly #published = new Map<string, Standing>();
  /** The newest scores, published or not: what a quiet day is explained with. */
  readonly #newest = new Map<string, number>();

  constructor(kernel: Kernel, market: MarketData, { strategy, params, symbols, intel, configOf }: Wiring) {
    this.#kernel = kernel;
    this.#strategy = strategy;
    this.#configOf = configOf;
    const view = {
      symbols,
      bars: (symbol: string) => market.decisionBars(symbol),
      configOf,
      intel: (symbol: string) => intel.viewOf(symbol),
    };
    const signals = deciding(() => strategy.signals(view, params));
    kernel.listen(signals, `strategy ${strategy.name}`, (signal) => {
      assertSignal(signal, symbols);
      if (!market.warming) kernel.notify(SignalArrived, signal);
    });
    kernel.onNotice(SignalArrived, ACTOR, ({ payload }) => this.#hear(payload));
    kernel.carry(ACTOR, {
      save: () => this.#save(),
      restore: (state) => {
        for (const [key, published, newest] of state as SavedScore[]) {
          this.#published.set(key, { conviction: published, seq: 0 });
          this.#newest.set(key, newest);
        }
      },
    });
  }

  /** Long and short have scores of their own. */
  get scoresBothSides(): boolean {
    return this.#strategy.scoresBothSides === true;
  }

  /** What stands published; conviction 0 where nothing does. */
  standing(symbol: string, direction: Direction): Standing {
    return this.#published.get(keyOf(symbol, direction)) ?? NONE;
  }

  /** The newest score, published or not; null before the strategy's first word. */
  newest(symbol: string, direction: Direction): number | null {
    return this.#newest.get(keyOf(symbol, direction)) ?? null;
  }

  #hear(signal: Signal): void {
    const { symbol, direction, conviction, signals = [] } = signal;
    this.#newest.set(keyOf(symbol, direction), conviction);
    const before = this.#published.get(keyOf(symbol, direction));
    const previous = before === undefined ? undefined : { direction, conviction: before.conviction };
    const { selector, conviction: rules } = this.#configOf(symbol);
    const thresholds = [selector.optionConviction, selector.equityConviction, selector.exitConviction];
    if (!shouldPublish(previous, signal, thresholds, rules.publishStep)) return;
    const seq = this.#kernel.publish(
      ConvictionChanged.of({
        components: [...(signal.components ?? [])],
        conviction,
        direction,
        evidence: { ...signal.evidence },
        omitted: [...(signal.omitted ?? [])],
        strategy: this.#strategy.name,
        symbol,
        ...(signals.length === 0 ? {} : { signals: signals.map(withoutSeq) }),
      }),
      { basis: basisOf(signals.map(({ seq }) => seq)) },
    );
    this.#published.set(keyOf(symbol, direction), { conviction, seq });
    if (this.#strategy.scoresBothSides !== true) this.#endOtherSides(symbol, direction);
  }

  #endOtherSides(symbol: string, direction: Direction): void {
    for (const other of ['long', 'short', 'flat'] as const) {
      if (other === direction) continue;
      this.#published.delete(keyOf(symbol, other));
      this.#newest.delete(keyOf(symbol, other));
    }
  }

  #save(): SavedScore[] {
    const keys = [...this.#published.keys()].sort();
    return keys.map((key) => [key, this.#published.get(key)!.conviction, this.#newest.get(key)!]);
  }
}

/** A place in one log is no data: it stands in the basis. */
const withoutSeq = ({ seq: _, ...signal }: ReadSignal): Omit<ReadSignal, 'seq'> => signal;

/** A signal nobody could act on is the strategy's fault: it halts, naming the strategy. */
function assertSignal({ symbol, direction, conviction }: Signal, symbols: readonly string[]): void {
  if (!symbols.includes(symbol))
    throw new RangeError(`a signal for "${symbol}"; this session has ${symbols.join(', ')}`);
  if (!['long', 'short', 'flat'].includes(direction)) {
    throw new RangeError(
      `a signal with direction "${direction}" for ${symbol}; it must be long, short or flat`,
    );
  }
  if (!(conviction >= 0 && conviction <= 100)) {
    throw new RangeError(`a signal with conviction ${conviction} for ${symbol}; it must be 0 to 100`);
  }
}
