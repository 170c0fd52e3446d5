/** The real core with a silent strategy, driven by hand: prices, calendar moments, a venue's reports, and scripts that decide. */

import { NEVER } from 'rxjs';
import { z } from 'zod';
import { configSchema, profileDefaults, type RunSpec, runSpecSchema } from '../../src/domain/config.ts';
import { createCore } from '../../src/engine/core.ts';
import { canonicalJson } from '../../src/events/canonical.ts';
import type { NewInput } from '../../src/events/define-event.ts';
import { ClockTicked, OperatorCommanded, SessionCarried } from '../../src/events/engine.events.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { MarketClosed, MarketOpened, SymbolDefined } from '../../src/events/market.events.ts';
import * as o from '../../src/events/order.events.ts';
import { DAY_S, Tick, TickKind } from '../../src/events/tick.ts';
import { defineStrategy, type Strategy } from '../../src/streams/strategy.ts';
import { Recorder } from '../bus/recorder.ts';

const silent = defineStrategy({
  name: 'silent',
  description: 'says nothing',
  params: z.strictObject({}),
  signals: () => NEVER,
}) as Strategy;

export interface FloorOptions {
  readonly run?: Partial<RunSpec>;
  readonly config?: unknown;
  readonly symbols?: readonly string[];
  /** What each symbol is priced by; daily bars where not given. */
  readonly priceSource?: SymbolDefined['priceSource'];
  /** Seconds of its bars; days where not given. */
  readonly barSeconds?: number;
  /** Shares where not given. */
  readonly assetClass?: SymbolDefined['assetClass'];
  /** New York's where not given. */
  readonly calendar?: SymbolDefined['calendar'];
  readonly strategy?: Strategy;
  readonly carried?: SessionCarried;
}

export function runSpec({ run = {}, config = {}, strategy = silent }: FloorOptions): RunSpec {
  const profile = run.profile ?? 'quantos';
  return runSpecSchema.parse({
    profile,
    strategy: { name: strategy.name, file: null, sha256: null, params: {} },
    config: configSchema.parse(config),
    seed: 1,
    cash: 100_000,
    benchmark: null,
    ...profileDefaults[profile],
    commission: { kind: 'none' },
    roll: 'none',
    finalize: false,
    allowShort: false,
    reverse: false,
    core: [],
    tradeFrom: null,
    ...run,
  });
}

const OPEN = Date.UTC(2024, 0, 2, 14, 30) * 1_000;
const DAY_US = 86_400_000_000;

export class Floor {
  readonly log = new Recorder();
  readonly run: RunSpec;
  readonly symbols: readonly string[];
  readonly core: ReturnType<typeof createCore>;
  now = OPEN;
  #script: (() => void) | null = null;

  constructor(options: FloorOptions = {}) {
    this.run = runSpec(options);
    this.symbols = options.symbols ?? ['A', 'B'];
    const { strategy = silent, priceSource = 'bars', barSeconds = DAY_S } = options;
    const { assetClass = 'equity', calendar = 'XNYS' } = options;
    this.core = createCore({
      sink: this.log,
      run: this.run,
      strategy,
      symbols: this.symbols,
      poisonTicks: true,
    });
    this.kernel.on(ClockTicked, 'script', () => this.#script?.());
    if (options.carried !== undefined) this.input(SessionCarried.of(options.carried));
    this.symbols.forEach((symbol, id) => {
      const resolutionS = priceSource === 'bars' ? barSeconds : null;
      const definition = {
        id,
        symbol,
        assetClass,
        multiplier: 1,
        calendar,
        priceSource,
        resolutionS,
      } as const;
      this.input(SymbolDefined.of(definition));
    });
  }

  get kernel() {
    return this.core.kernel;
  }
  get actors() {
    return this.core.actors;
  }

  after(us: number): this {
    this.now += us;
    return this;
  }

  nextDay(): this {
    return this.after(DAY_US);
  }

  input(event: NewInput): number {
    return this.kernel.input(event, { source: 'test', recordedAt: this.now });
  }

  /** Runs inside a dispatch: what it publishes are decisions of one instant. */
  decide(script: () => void): this {
    this.#script = script;
    this.input(ClockTicked.of({}));
    this.#script = null;
    return this;
  }

  tick(symbol: string, kind: TickKind, over: Partial<Tick>): this {
    const symbolId = this.symbols.indexOf(symbol);
    this.kernel.tick(
      Object.assign(new Tick(), { kind, symbolId, time: this.now, recordedAt: this.now, ...over }),
      'feed',
    );
    return this;
  }

  print(symbol: string, px: number): this {
    return this.tick(symbol, TickKind.openPrint, { px });
  }

  day(symbol: string, px: number, volume = 1e9): this {
    return this.tick(symbol, TickKind.bar, {
      open: px,
      high: px,
      low: px,
      close: px,
      volume,
      resolutionS: DAY_S,
    });
  }

  quote(symbol: string, bidPx: number, askPx: number): this {
    return this.tick(symbol, TickKind.quote, { bidPx, askPx, bidSize: 100, askSize: 100 });
  }

  opened(): this {
    this.input(MarketOpened.of({ calendar: 'XNYS', day: '2024-01-02' }));
    return this;
  }

  closed(): this {
    this.input(MarketClosed.of({ calendar: 'XNYS', day: '2024-01-02' }));
    return this;
  }

  command(command: 'halt' | 'reduceOnly' | 'reset' | 'flatten', symbol: string | null = null): this {
    this.input(OperatorCommanded.of({ command, symbol, by: 'tester' }));
    return this;
  }

  accept(ordinal: number): this {
    this.input(o.OrderAccepted.of({ ordinal, venueOrderId: `v${ordinal}` }));
    return this;
  }

  reject(ordinal: number): this {
    this.input(o.OrderRejected.of({ ordinal, reason: 'no' }));
    return this;
  }

  cancelled(ordinal: number): this {
    this.input(o.OrderCanceled.of({ ordinal, reason: 'asked' }));
    return this;
  }

  fill(ordinal: number, lastPx: number, lastQty = this.intended(ordinal).quantity, leavesQty = 0): this {
    const { symbol, side } = this.intended(ordinal);
    const executionId = `x${this.log.rows.length}`;
    this.input(
      o.OrderFilled.of({ ordinal, executionId, symbol, side, lastQty, lastPx, leavesQty, feeMicros: 0 }),
    );
    return this;
  }

  /** Holds `quantity` of a symbol, bought before anything the test looks at. */
  hold(symbol: string, quantity: number, px: number): this {
    this.decide(() => this.intend({ symbol, quantity, action: 'enter' }));
    return this.fill(this.orders().at(-1)!, px, quantity);
  }

  intended(ordinal: number): o.OrderIntended & { quantity: number } {
    const order = this.payloads(o.OrderIntended.type).find(
      (each) => each.ordinal === ordinal,
    ) as unknown as o.OrderIntended;
    return { ...order, quantity: order.size.kind === 'quantity' ? order.size.quantity : Number.NaN };
  }

  intend(terms: Partial<o.OrderIntended> & { quantity?: number } = {}): number {
    const { quantity = 1, ...over } = terms;
    return this.actors.orders.intend({
      intent: null,
      action: 'enter',
      role: 'tactical',
      symbol: 'A',
      side: 'buy',
      size: { kind: 'quantity', quantity },
      orderType: 'market',
      limitPx: null,
      stopPx: null,
      timeInForce: 'day',
      reason: 'a test',
      ...over,
    });
  }

  /** Defers an intent, an exit of everything; `intent` says which number the desk is expected to give it. */
  defer(terms: Partial<o.IntentDeferred> & { intent: number; quantity?: number }): void {
    const { quantity = terms.action === 'exit' ? 1_000_000 : 1, intent, ...over } = terms;
    const side = over.action === undefined || over.action === 'enter' ? 'buy' : 'sell';
    const stop = over.action === 'protect';
    const given = this.actors.desk.defer(
      {
        action: 'enter',
        role: 'tactical',
        symbol: 'A',
        side,
        size: { kind: 'quantity', quantity },
        orderType: stop ? 'stop' : 'limit',
        limitPx: null,
        stopPx: stop ? 1 : null,
        timeInForce: stop ? 'gtc' : 'day',
        reason: 'a test',
        ...over,
      },
      { basis: [] },
    );
    if (given !== intent) throw new Error(`the desk gave ${given}, the test says ${intent}`);
  }

  payloads(type: string): Record<string, unknown>[] {
    return this.log.ofType(type).map(({ payload }) => payload as Record<string, unknown>);
  }

  /** Ordinals of all orders intended. */
  orders(): number[] {
    return this.payloads(o.OrderIntended.type).map(({ ordinal }) => ordinal as number);
  }

  /** `action symbol` of what was sent to the venue, and `cancel n`. */
  sent(): string[] {
    return this.kernel.takeEffects().map((effect: StoredEvent) => {
      const { ordinal } = effect.payload as { ordinal: number };
      const { action, symbol } = this.intended(ordinal);
      return effect.type === o.CancelAttempted.type ? `cancel ${ordinal}` : `${action} ${symbol}`;
    });
  }

  /** Why the newest order was denied, or 'approved'. */
  verdict(): string {
    const verdicts = this.log.events.filter(({ type }) => type === 'RiskApproved' || type === 'OrderDenied');
    const last = verdicts.at(-1)!;
    return last.type === 'RiskApproved' ? 'approved' : (last.payload as { reason: string }).reason;
  }

  /** What this session leaves to the next, through bytes. */
  carryOver(): SessionCarried {
    return { from: 'before', state: JSON.parse(canonicalJson(this.kernel.carryOver())) };
  }
}
