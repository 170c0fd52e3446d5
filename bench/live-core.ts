/** A core as a live engine runs it, its log on disk, and a venue in the same process that fills whatever leaves. */
import { rmSync } from 'node:fs';
import { concatMap, EMPTY, of } from 'rxjs';
import { z } from 'zod';
import { configSchema, profileDefaults, runSpecSchema } from '../src/domain/config.ts';
import { type Core, createCore } from '../src/engine/core.ts';
import { Pump } from '../src/engine/pump.ts';
import { SessionStarted } from '../src/events/engine.events.ts';
import type { StoredEvent } from '../src/events/envelope.ts';
import { SymbolDefined } from '../src/events/market.events.ts';
import {
  OrderAccepted,
  OrderFilled,
  OrderIntended,
  SubmitAttempted as Submit,
  type SubmitAttempted,
} from '../src/events/order.events.ts';
import type { Tick } from '../src/events/tick.ts';
import { createLog } from '../src/log/log-writer.ts';
import { defineStrategy, eachSymbol } from '../src/streams/strategy.ts';

/** Of each symbol's one-minute bars, one in so many changes its mind. */
const BARS_PER_SIGNAL = 10;

/** In at one bar, out ten bars later, and so on; symbols take turns, so that no bar moves them all. */
const turnstile = defineStrategy({
  name: 'turnstile',
  description: 'long for ten bars, flat for ten bars',
  params: z.strictObject({}),
  signals: (market) => {
    const places = new Map(market.symbols.map((symbol, place) => [symbol, place]));
    return eachSymbol(market, (bars, symbol) => {
      let n = places.get(symbol)! % BARS_PER_SIGNAL;
      let isLong = false;
      return bars.pipe(
        concatMap(() => {
          if (++n % BARS_PER_SIGNAL !== 0) return EMPTY;
          isLong = !isLong;
          return of({ symbol, direction: isLong ? ('long' as const) : ('flat' as const), conviction: 100 });
        }),
      );
    });
  },
});

export interface LiveCore {
  readonly core: Core;
  readonly pump: Pump;
  readonly symbols: readonly string[];
  close(): void;
}

interface Taps {
  /** A tick is numbered and appended. */
  onTick?(tick: Tick): void;
  onIntent?(ordinal: number): void;
  /** A submit is durable and may leave. */
  onSubmit?(ordinal: number): void;
  onEvent?(event: StoredEvent): void;
}

/** Monday, 5 January 2015, 10:00 in New York. */
export const MARKET_AT = Date.UTC(2015, 0, 5, 15) * 1_000;

export function liveCore(path: string, count: number, ordersPerMinute: number, taps: Taps): LiveCore {
  for (const beside of ['', '-wal', '-shm', '.anchor', '.lock']) rmSync(path + beside, { force: true });
  const symbols = Array.from({ length: count }, (_, id) => `S${String(id).padStart(3, '0')}`);
  const run = runSpecSchema.parse({
    profile: 'plain',
    strategy: { name: turnstile.name, file: null, sha256: null, params: {} },
    ...profileDefaults.plain,
    execution: 'midpoint',
    sizing: { kind: 'fixed', quantity: 1 },
    risk: true,
    // A venue takes some 200 calls a minute: most intents are denied for that, as they would be.
    config: configSchema.parse({ risk: { intentsPerMinute: Math.max(1, ordersPerMinute) } }),
    seed: 1,
    cash: 10_000_000,
    benchmark: null,
    commission: { kind: 'none' },
    roll: 'none',
    finalize: false,
    allowShort: false,
    reverse: false,
    core: [],
    tradeFrom: null,
  });
  const log = createLog(path, { session: 'bench' });
  const sink = {
    tick: (seq: number, tick: Tick, source: string) => {
      taps.onTick?.(tick);
      log.tick(seq, tick, source);
    },
    event: (event: StoredEvent) => {
      log.event(event);
      taps.onEvent?.(event);
      if (event.type === OrderIntended.type) taps.onIntent?.((event.payload as OrderIntended).ordinal);
    },
  };
  const core = createCore({ sink, run, strategy: turnstile, symbols });
  const { kernel, actors } = core;
  const pump = new Pump({
    kernel,
    log,
    symbolOf: (id) => symbols[id],
    perform: ({ type, payload, seq: causation }) => {
      if (type !== Submit.type) return;
      const { ordinal, symbol, side, size } = payload as SubmitAttempted;
      taps.onSubmit?.(ordinal);
      const from = { source: 'venue', recordedAt: kernel.now, causation };
      const lastQty = size.kind === 'quantity' ? size.quantity : 1;
      const fill = { ordinal, executionId: `x${ordinal}`, symbol, side, lastQty, leavesQty: 0, feeMicros: 0 };
      pump.offerInput(OrderAccepted.of({ ordinal, venueOrderId: `v${ordinal}` }), from);
      pump.offerInput(OrderFilled.of({ ...fill, lastPx: actors.market.lastPx(symbol)! }), from);
    },
  });
  const at = { source: 'engine', recordedAt: MARKET_AT };
  const manifest = { session: 'bench', continues: null, mode: 'sim' as const, run, symbols, datasets: [] };
  kernel.input(SessionStarted.of({ ...manifest, engineVersion: 'bench', modelled: [] }), at);
  symbols.forEach((symbol, id) => {
    const definition = { id, symbol, assetClass: 'equity', multiplier: 1, calendar: 'XNYS' } as const;
    kernel.input(SymbolDefined.of({ ...definition, priceSource: 'quotes', resolutionS: null }), at);
  });
  return { core, pump, symbols, close: () => log.close() };
}
