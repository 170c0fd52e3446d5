/**
 * What a strategy is: a name, validated parameters, and a stream of signals over the market's bars. Everything after
 * the signal (selection, risk, execution) is the engine's and shared by all strategies.
 */
import { merge, type Observable } from 'rxjs'; // determinism-ok: eachSymbol joins streams of distinct sources
import type { z } from 'zod';
import type { Config } from '../domain/config.ts';
import type { ConvictionChanged } from '../events/decision.events.ts';
import type { Bar } from './bar.ts';
import type { SymbolIntel } from './intel-signals.ts';

export type Direction = 'long' | 'short' | 'flat';

/** A strategy's view of one symbol. Publish it when it changes, not with every bar. */
export interface Signal {
  readonly symbol: string;
  readonly direction: Direction;
  /** How sure of that direction, 0..100: positions open from 60 and close below 40 (configurable). */
  readonly conviction: number;
  /** What was measured, by name: shown with the decision. */
  readonly evidence?: Readonly<Record<string, number | null>>;
  /** For scores made of parts: each part's weight and value. */
  readonly components?: readonly ConvictionChanged['components'][number][];
  /** Parts that had no source, each with its reason. */
  readonly omitted?: readonly string[];
  /** Outside signals that were read: shown with the decision, with their age and source. */
  readonly signals?: readonly ReadSignal[];
}

/** An outside signal as `Market.intel` gave it, and what it did: `multiplier` is 1 where it left the score alone. */
export interface ReadSignal {
  readonly key: string;
  readonly value: string | number;
  readonly sourceSystem: string;
  readonly confidence: number;
  readonly ageS: number;
  readonly multiplier: number;
  /** Of its input, from `Heard`. */
  readonly seq: number;
}

/**
 * What a strategy may look at. Streams are hot: they end with the session, and repeat their newest bars only when a split
 * makes them count at other prices.
 */
export interface Market {
  /** All symbols, sorted. */
  readonly symbols: readonly string[];
  /** Bars decisions are made on: daily in profile `quantos`, the dataset's own in `plain`. */
  bars(symbol: string): Observable<Bar>;
  /** The symbol's configuration. */
  configOf(symbol: string): Config;
  /** Outside signals that are fresh at this moment: ask while a bar is told, never before. */
  intel(symbol: string): SymbolIntel;
}

export interface Strategy<P = unknown> {
  readonly name: string;
  readonly description: string;
  readonly params: z.ZodType<P>;
  /**
   * True where long and short are scored apart, each with signals of its own. Else one view per symbol: a signal for
   * one side ends the other.
   */
  readonly scoresBothSides?: boolean;
  /**
   * Bars its signals rest on. A session that continues another is warmed up with that many; the engine keeps some 300
   * anyway.
   */
  warmUpBars?(params: P): number;
  signals(market: Market, params: P): Observable<Signal>;
}

/**
 * Declares a strategy. `params` is a zod object whose fields have defaults; `signals` is called once, before the first
 * bar, and may use any pure RxJS operator but those that look at a clock.
 */
export function defineStrategy<S extends z.ZodType>(definition: {
  name: string;
  description: string;
  params: S;
  scoresBothSides?: boolean;
  warmUpBars?(params: z.infer<S>): number;
  signals(market: Market, params: z.infer<S>): Observable<Signal>;
}): Strategy<z.infer<S>> {
  return definition as Strategy<z.infer<S>>;
}

/** The same rule for every symbol: one stream each, joined in symbol order. */
export function eachSymbol(
  market: Market,
  signals: (bars: Observable<Bar>, symbol: string) => Observable<Signal>,
): Observable<Signal> {
  return merge(...market.symbols.map((symbol) => signals(market.bars(symbol), symbol)));
}
