/** Whole simulations in which hedges matter: a benchmark with a modelled chain, a share beside it, and what was done about them. */
import { filter, map, take } from 'rxjs';
import { z } from 'zod';
import { configSchema, mergeDeep, type RunSpec } from '../../src/domain/config.ts';
import { nextTradingDay } from '../../src/domain/exchange-calendar.ts';
import type { Core } from '../../src/engine/core.ts';
import { simulate } from '../../src/engine/simulation.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { HedgeSized, HedgeStateChanged } from '../../src/events/option.events.ts';
import { OrderFilled, OrderIntended } from '../../src/events/order.events.ts';
import { defineStrategy, eachSymbol } from '../../src/streams/strategy.ts';
import type { TestMarket } from '../../src/testing/arbitrary-market.ts';
import { type DayBar, datasetOf } from '../../src/testing/dataset-of.ts';
import { runSpecOf, shortWindows } from '../../src/testing/run-market.ts';

/** Long the share from its first bar on, and never the benchmark. */
const likesTheShare = defineStrategy({
  name: 'likes-the-share',
  description: 'a test strategy',
  params: z.strictObject({}),
  signals: (market) =>
    eachSymbol(market, (bars, symbol) =>
      bars.pipe(
        filter(() => symbol === 'AAA'),
        take(1),
        map(() => ({ symbol, direction: 'long' as const, conviction: 70 })),
      ),
    ),
});

export interface Closes {
  readonly SPY: readonly number[];
  readonly AAA?: readonly number[];
  /** From the close before to the benchmark's open, as fractions; none where not given. */
  readonly gaps?: readonly number[];
  /** Points; 22 on all days where not given: at the money 0.198. */
  readonly VIX?: readonly number[];
}

const FIRST_DAY = '2020-01-02';

/** Days that open at the close before, or a gap away from it. */
export function daysOf(closes: readonly number[], gaps: readonly number[] = []): DayBar[] {
  let day = FIRST_DAY;
  return closes.map((close, i) => {
    if (i > 0) day = nextTradingDay('XNYS', day);
    const open = (closes[i - 1] ?? close) * (1 + (gaps[i] ?? 0));
    const [high, low] = [Math.max(open, close) * 1.002, Math.min(open, close) * 0.998];
    return { day, open, high, low, close, volume: 1e9 };
  });
}

const marketOf = (closes: Closes): TestMarket => ({
  SPY: { bars: daysOf(closes.SPY, closes.gaps) },
  ...(closes.AAA === undefined ? {} : { AAA: { bars: daysOf(closes.AAA) } }),
  VIX: { bars: daysOf(closes.VIX ?? closes.SPY.map(() => 22)), assetClass: 'index' },
});

export interface HedgedOptions {
  readonly config?: unknown;
  readonly run?: Partial<RunSpec>;
  readonly market?: TestMarket;
  /** Looks at the core just before an event is dispatched. */
  readonly onEvent?: (event: StoredEvent, core: Core) => void;
}

export class HedgedRun {
  readonly events: StoredEvent[] = [];
  readonly core: Core;
  readonly digest: string;
  readonly sessions: number;

  constructor(closes: Closes, options: HedgedOptions = {}) {
    const numbers = {
      options: { vixSymbol: 'VIX' },
      hedge: { betaBars: 20, betaBarsMin: 5, cooldownSessions: 10 },
      regime: { trend: { band: 0 } },
    };
    const config = [numbers, options.config ?? {}].reduce(mergeDeep, shortWindows);
    const market = options.market ?? marketOf(closes);
    let core: Core | null = null;
    const result = simulate({
      manifest: {
        session: 'hedged',
        continues: null,
        mode: 'sim',
        run: runSpecOf(likesTheShare as never, {
          profile: 'quantos',
          instruments: 'equity',
          benchmark: 'SPY',
          core: [{ symbol: 'SPY', fraction: 0.6 }],
          config: configSchema.parse(config),
          ...options.run,
        }),
        symbols: Object.keys(market)
          .filter((symbol) => symbol !== 'VIX')
          .sort(),
        datasets: [],
        engineVersion: 'test',
        modelled: [],
      },
      strategy: likesTheShare as never,
      datasets: [datasetOf(market)],
      to: null,
      sinkOf: () => ({
        tick: () => {},
        settle: () => {},
        event: (event: StoredEvent) => {
          this.events.push(event);
          if (core !== null) options.onEvent?.(event, core);
        },
      }),
      onQuiet: (quiet) => {
        core = quiet;
      },
    });
    this.core = result.core;
    this.digest = result.decisionDigest;
    this.sessions = result.sessions;
    if (this.core.kernel.halted !== null) throw new Error(JSON.stringify(this.core.kernel.halted.payload));
  }

  of<P>(definition: { readonly type: string; of(payload: P): unknown }): P[] {
    return this.events.filter(({ type }) => type === definition.type).map(({ payload }) => payload as P);
  }

  /** States, sizings and fills of hedges and of exits for want of one, in order, in a few words each. */
  story(): string[] {
    const orders = new Map(this.of(OrderIntended).map((order) => [order.ordinal, order]));
    return this.events.flatMap(({ type, payload }) => {
      if (type === HedgeStateChanged.type) return (payload as { to: string }).to;
      if (type === HedgeSized.type) {
        const { purpose, quantity } = payload as HedgeSizedPayload;
        return purpose === 'none'
          ? `nothing: ${this.failed(payload as HedgeSizedPayload)}`
          : `${purpose} ${quantity}`;
      }
      if (type !== OrderFilled.type) return [];
      const { ordinal, side, lastQty } = payload as OrderFilled;
      const { role, reason } = orders.get(ordinal)!;
      return role === 'hedge' || reason === 'unhedged' ? `${side} ${lastQty} ${reason}` : [];
    });
  }

  failed({ tests }: Pick<HedgeSizedPayload, 'tests'>): string {
    return tests.filter(({ pass }) => !pass).map(({ test }) => test)[0];
  }
}

export type HedgeSizedPayload = Parameters<typeof HedgeSized.of>[0];

/** So many steps of so much each, as fractions, from the last close on. */
export const walkOn = (closes: readonly number[], steps: number, by: number): number[] => {
  const more = [...closes];
  for (let i = 0; i < steps; i++) more.push(Math.round(100 * more.at(-1)! * (1 + by)) / 100);
  return more;
};
