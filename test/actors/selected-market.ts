/** Whole simulations of one symbol with a modelled chain: a day is its close, its volatility index, and how sure we are. */
import { concatMap, EMPTY, from } from 'rxjs';
import { z } from 'zod';
import { configSchema, mergeDeep, type RunSpec } from '../../src/domain/config.ts';
import { nextTradingDay, tradingDayAt } from '../../src/domain/exchange-calendar.ts';
import type { Core } from '../../src/engine/core.ts';
import { simulate } from '../../src/engine/simulation.ts';
import type { SelectionMade } from '../../src/events/decision.events.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { OrderFilled, OrderIntended } from '../../src/events/order.events.ts';
import { defineStrategy, eachSymbol, type Strategy } from '../../src/streams/strategy.ts';
import { datasetOf } from '../../src/testing/dataset-of.ts';
import { runSpecOf, shortWindows } from '../../src/testing/run-market.ts';

export interface Day {
  readonly close: number;
  /** Points; 22.2 is 20 % at the money. */
  readonly vix: number;
  readonly long: number;
  readonly short: number;
}

/** So many days more, each moved by so much (in turns, where there are several); the rest as it was, or as told. */
export function goOn(
  days: readonly Day[],
  count: number,
  by: number | readonly number[],
  over: Partial<Day> = {},
): Day[] {
  const steps = typeof by === 'number' ? [by] : by;
  const more = [...days];
  for (let i = 0; i < count; i++) {
    const last = more.at(-1) ?? { close: 100, vix: 25, long: 0, short: 0 };
    more.push({
      ...last,
      close: Math.round(100 * last.close * (1 + steps[i % steps.length])) / 100,
      ...over,
    });
  }
  return more;
}

/** A month of a calm bull market in which volatility comes down: affordable by its rank, and nobody is sure of anything. */
export const calmRise = (): Day[] =>
  goOn([], 22, [0.004, -0.001]).map((day, i) => ({ ...day, vix: 27 - i / 4 }));
/** The same downwards. */
export const calmFall = (): Day[] =>
  goOn([], 22, [-0.004, 0.001]).map((day, i) => ({ ...day, vix: 27 - i / 4 }));

/** Short windows, and a trend that does not turn in a day; the ratio of volatilities over windows so short says nothing, and is left out. */
const numbers = {
  options: { vixSymbol: 'VIX' },
  regime: { trend: { band: 0, smaFast: 3, smaSlow: 8, confirmCloses: 3 } },
  guard: {
    lookback: 252,
    realizedFast: 2,
    realizedSlow: 3,
    rankHistoryMin: 5,
    crowdedRatio: 1e6,
    openRatio: 1e6,
  },
  selector: { option: { putRatioMax: 1e6 } },
};

const FIRST_DAY = '2024-01-02';

export class SelectedRun {
  readonly events: StoredEvent[] = [];
  readonly core: Core;
  readonly days: readonly string[];

  constructor(
    days: readonly Day[],
    options: { readonly config?: object; readonly run?: Partial<RunSpec> } = {},
  ) {
    const names = days.reduce<string[]>(
      (all) => [...all, all.length === 0 ? FIRST_DAY : nextTradingDay('XNYS', all.at(-1)!)],
      [],
    );
    this.days = names;
    const bars = days.map(({ close }, i) => {
      const open = days[i - 1]?.close ?? close;
      const [high, low] = [Math.max(open, close) * 1.002, Math.min(open, close) * 0.998];
      return { day: names[i], open, high, low, close, volume: 1e9 };
    });
    const vixBars = days.map(({ vix }, i) => ({
      day: names[i],
      open: vix,
      high: vix,
      low: vix,
      close: vix,
      volume: 0,
    }));
    const believing: Strategy = defineStrategy({
      name: 'believing',
      description: 'is as sure as the day says',
      params: z.strictObject({}),
      scoresBothSides: true,
      signals: (market) =>
        eachSymbol(market, (stream, symbol) =>
          symbol !== 'A'
            ? EMPTY
            : stream.pipe(
                concatMap((bar) => {
                  const { long, short } = days[names.indexOf(tradingDayAt('XNYS', bar.time))];
                  return from([
                    { symbol, direction: 'long' as const, conviction: long },
                    { symbol, direction: 'short' as const, conviction: short },
                  ]);
                }),
              ),
        ),
    });
    const config = [numbers, options.config ?? {}].reduce(mergeDeep, shortWindows);
    const run = {
      profile: 'quantos',
      hedge: false,
      config: configSchema.parse(config),
      ...options.run,
    } as const;
    const { core } = simulate({
      manifest: {
        session: 'selected',
        continues: null,
        mode: 'sim',
        run: runSpecOf(believing, run),
        symbols: ['A'],
        datasets: [],
        engineVersion: 'test',
        modelled: [],
      },
      strategy: believing,
      datasets: [datasetOf({ A: { bars }, VIX: { bars: vixBars, assetClass: 'index' } })],
      to: null,
      sinkOf: () => ({ tick: () => {}, settle: () => {}, event: (event) => void this.events.push(event) }),
    });
    this.core = core;
    if (core.kernel.halted !== null) throw new Error(JSON.stringify(core.kernel.halted.payload));
  }

  of<P>(definition: { readonly type: string; of(payload: P): unknown }): P[] {
    return this.events.filter(({ type }) => type === definition.type).map(({ payload }) => payload as P);
  }

  /** Everything that happened to plans, in order: `day: what`, with the day counted from 0. */
  story(): string[] {
    const orders = new Map(this.of(OrderIntended).map((order) => [order.ordinal, order]));
    return this.events.flatMap((event) => {
      const at = this.days.indexOf(tradingDayAt('XNYS', event.recordedAt));
      const said = tell(event, (ordinal) => orders.get(ordinal)!);
      return said === null ? [] : [`${at}: ${said}`];
    });
  }

  /** The choices made, as `choice: reason`. */
  choices(): string[] {
    const made = this.events.filter(({ type }) => type === 'SelectionMade');
    return made.map(({ payload }) => {
      const { choice, reason } = payload as SelectionMade;
      return `${choice}: ${reason}`;
    });
  }
}

function tell({ type, payload }: StoredEvent, orderOf: (ordinal: number) => OrderIntended): string | null {
  const data = payload as Record<string, string & number>;
  switch (type) {
    case 'VolatilityGuardChanged':
      return `guard ${data.to}`;
    case 'ExitTriggered':
      return `${data.plan} leaves: ${data.reason}`;
    case 'IntentDropped':
      return `dropped: ${data.reason}`;
    case 'OptionSettled':
      return `${data.how} ${data.shares}`;
    case OrderFilled.type: {
      const { symbol, side, lastQty, ordinal } = payload as OrderFilled;
      const kind = symbol.length < 21 ? 'shares' : symbol[12] === 'C' ? 'calls' : 'puts';
      return `${side} ${lastQty} ${kind} to ${orderOf(ordinal).action}`;
    }
    default:
      return null;
  }
}
