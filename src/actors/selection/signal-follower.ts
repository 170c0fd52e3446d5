/**
 * Takes a strategy's signals as they are (profile `plain`): in on one side, out on the other, no tests but cash. With
 * daily bars it acts at the next open, with intraday bars at the next bar.
 */
import type { Kernel } from '../../bus/kernel.ts';
import { type Config, configFor, type RunSpec } from '../../domain/config.ts';
import { onQuantityGrid, type Side } from '../../domain/instrument.ts';
import { ConvictionChanged, ExitTriggered } from '../../events/decision.events.ts';
import { OperatorCommanded } from '../../events/engine.events.ts';
import type { Recorded } from '../../events/envelope.ts';
import type { IntentDeferred, OrderSize } from '../../events/order.events.ts';
import { DAY_S } from '../../events/tick.ts';
import type { MarketData } from '../../streams/market-data.ts';
import type { Portfolio } from '../account/portfolio.ts';
import type { OrderBook } from '../orders/order-book.ts';
import type { ReleaseDesk } from '../orders/release-desk.ts';

const ACTOR = 'signal-follower';

interface Parts {
  readonly run: Pick<RunSpec, 'sizing' | 'allowShort' | 'reverse' | 'tradeFrom'>;
  readonly config: Config;
  readonly market: MarketData;
  readonly orders: OrderBook;
  readonly portfolio: Portfolio;
  readonly desk: ReleaseDesk;
}

export class SignalFollower {
  readonly #kernel: Kernel;
  readonly #parts: Parts;

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    kernel.on(ConvictionChanged, ACTOR, (event) => this.#follow(event));
    kernel.on(OperatorCommanded, ACTOR, ({ payload }) => {
      if (payload.command === 'flatten') this.#flatten(payload.symbol);
    });
  }

  #follow({ payload }: Recorded<ConvictionChanged>): void {
    const { symbol, direction, conviction } = payload;
    const { run, config, portfolio } = this.#parts;
    if (run.tradeFrom !== null && this.#kernel.now < run.tradeFrom) return;
    const { equityConviction, exitConviction } = configFor(config, symbol).selector;
    const held = portfolio.quantity(symbol);
    const wanted: Side | null = direction === 'long' ? 'buy' : direction === 'short' ? 'sell' : null;
    const holds: Side | null = held > 0 ? 'buy' : held < 0 ? 'sell' : null;
    const entering = this.#entering(symbol);
    if (entering !== null && entering !== wanted) this.#withdrawEntries(symbol);
    if (holds !== null && (wanted === holds ? conviction < exitConviction : conviction >= exitConviction)) {
      this.#exit(symbol, held, 'signal');
      if (!run.reverse) return;
    } else if (holds !== null) return;
    const enters =
      wanted !== null && wanted !== holds && wanted !== entering && conviction >= equityConviction;
    if (enters && (wanted === 'buy' || run.allowShort))
      this.#act(symbol, 'enter', wanted, this.#size(), 'signal');
  }

  /** The side of an entry that is on its way, or null. */
  #entering(symbol: string): Side | null {
    if (this.#isDaily(symbol)) return this.#parts.desk.waitingEntry(symbol);
    for (const { intended } of this.#parts.orders.working()) {
      if (intended.symbol === symbol && intended.action === 'enter') return intended.side;
    }
    return null;
  }

  #withdrawEntries(symbol: string): void {
    const reason = 'the strategy changed its mind';
    this.#parts.desk.withdraw('enter', symbol, reason);
    for (const { intended } of [...this.#parts.orders.working()]) {
      if (intended.symbol === symbol && intended.action === 'enter')
        this.#parts.orders.cancel(intended.ordinal, reason);
    }
  }

  #exit(symbol: string, held: number, reason: 'signal' | 'finalize'): void {
    const quantity = onQuantityGrid(Math.abs(held) - this.#leaving(symbol));
    if (quantity <= 0) return;
    this.#act(symbol, 'exit', held > 0 ? 'sell' : 'buy', { kind: 'quantity', quantity }, reason);
  }

  /** Units that a working exit still takes away; with daily bars the release looks at what is held by then. */
  #leaving(symbol: string): number {
    if (this.#isDaily(symbol)) return 0;
    let units = 0;
    for (const { intended, state } of this.#parts.orders.working()) {
      const { action, size } = intended;
      if (intended.symbol !== symbol || action !== 'exit' || size.kind !== 'quantity') continue;
      units += size.quantity - state.filledQty;
    }
    return units;
  }

  #flatten(only: string | null): void {
    for (const symbol of only === null ? this.#parts.market.symbols.names() : [only]) {
      if (this.#entering(symbol) !== null && !this.#isDaily(symbol)) this.#withdrawEntries(symbol);
    }
    for (const { symbol, quantity, role } of this.#parts.portfolio.positions()) {
      if (role !== 'tactical' || (only !== null && only !== symbol)) continue;
      this.#kernel.publish(ExitTriggered.of({ plan: 'equity', reason: 'finalize', symbol, tests: [] }));
      this.#exit(symbol, quantity, 'finalize');
    }
  }

  #size(): OrderSize {
    const { sizing } = this.#parts.run;
    // Risk sizing needs a stop, which this profile does not have: it buys what the equity pays for.
    if (sizing.kind === 'fixed') return { kind: 'quantity', quantity: sizing.quantity };
    return { fraction: sizing.kind === 'percent' ? sizing.percent / 100 : 1, kind: 'fraction' };
  }

  #act(symbol: string, action: 'enter' | 'exit', side: Side, size: OrderSize, reason: string): void {
    const { desk, orders } = this.#parts;
    const daily = this.#isDaily(symbol);
    const terms: Omit<IntentDeferred, 'intent'> = {
      action,
      limitPx: null,
      orderType: 'market',
      reason,
      role: 'tactical',
      side,
      size,
      stopPx: null,
      symbol,
      timeInForce: daily ? 'day' : 'gtc',
    };
    if (daily) desk.defer(terms, { basis: [] });
    else orders.intend({ ...terms, intent: null });
  }

  #isDaily(symbol: string): boolean {
    return this.#parts.market.symbols.get(symbol)?.resolutionS === DAY_S;
  }
}
