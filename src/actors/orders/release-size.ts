/** How much of an intent may go out now: what is left to leave or protect, and for the rest what the limits allow. */
import type { RunSpec } from '../../domain/config.ts';
import { fromMicros, MICROS_PER_DOLLAR } from '../../domain/money.ts';
import { contractsWithin, entryRoomMicros, unitsWithin } from '../../domain/sizing.ts';
import type { IntentDeferred, OrderSize } from '../../events/order.events.ts';
import type { MarketData } from '../../streams/market-data.ts';
import type { OptionChains } from '../../streams/option-chains.ts';
import type { Account } from '../account/account.ts';
import type { Portfolio } from '../account/portfolio.ts';
import type { HedgeLimits } from '../hedging/hedge-limits.ts';
import type { Pricing } from './pricing.ts';

interface Parts {
  readonly run: Pick<RunSpec, 'risk'>;
  readonly market: MarketData;
  readonly options: OptionChains;
  readonly portfolio: Portfolio;
  readonly pricing: Pricing;
  readonly account: Account;
  readonly hedgeLimits: HedgeLimits;
}

/** What of an intent says how much it may be. */
type Terms = Pick<IntentDeferred, 'action' | 'symbol' | 'side' | 'size' | 'role'>;

export class ReleaseSize {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** At a price of `px` dollars a unit at worst; or why nothing may go out. */
  of(terms: Terms, px: number): OrderSize | string {
    const { action, symbol, side, size, role } = terms;
    if (action === 'exit' || action === 'protect') {
      const held = this.#parts.portfolio.quantity(symbol, role);
      if (held === 0 || held > 0 !== (side === 'sell')) return 'the position is already closed';
      // Part of a position leaves where that was decided; a stop protects all there is.
      const decided =
        action === 'exit' && size.kind === 'quantity' ? size.quantity : Number.POSITIVE_INFINITY;
      return { kind: 'quantity', quantity: Math.min(decided, Math.abs(held)) };
    }
    if (!this.#parts.run.risk && action !== 'hedge') return size;
    if (size.kind === 'fraction') return this.#fraction(symbol, size.fraction, px);
    const quantity = Math.min(size.quantity, ...this.#rooms(terms, px));
    return quantity >= 1 ? { kind: 'quantity', quantity } : 'the limits leave no room for one unit';
  }

  #fraction(symbol: string, fraction: number, px: number): OrderSize | string {
    const { account, market, pricing } = this.#parts;
    const { risk } = pricing.configOf(symbol);
    const view = account.view(symbol);
    const volume = market.averageVolume(symbol);
    const roomMicros = entryRoomMicros(view, risk);
    const volumeMicros =
      volume === null
        ? roomMicros
        : volume * risk.volumeShareMax * px * market.multiplierOf(symbol) * MICROS_PER_DOLLAR;
    const share = Math.floor((1e6 * Math.min(roomMicros, volumeMicros)) / view.equityMicros) / 1e6;
    return share > 0 ? { kind: 'fraction', fraction: Math.min(fraction, share) } : 'the limits leave no room';
  }

  /** Whole units that each limit leaves. */
  #rooms(terms: Terms, px: number): number[] {
    const { account, market, options, pricing, hedgeLimits, portfolio } = this.#parts;
    const { symbol, action } = terms;
    const { risk } = pricing.configOf(symbol);
    const unitPx = px * market.multiplierOf(symbol);
    const ofPremium = () => {
      const openInterest = options.quote(symbol)?.openInterest ?? null;
      return contractsWithin(portfolio.equityMicros(), unitPx, openInterest, risk);
    };
    if (action === 'hedge') return [hedgeLimits.unitsNow(symbol), ofPremium()];
    const room = unitsWithin(entryRoomMicros(account.view(symbol), risk), unitPx);
    const ofDelta = this.#unitsOfDelta(terms);
    if (pricing.contract(symbol) !== undefined) return [room, ofDelta, ofPremium()];
    const volume = market.averageVolume(symbol);
    const ofVolume = volume === null ? Number.POSITIVE_INFINITY : Math.floor(volume * risk.volumeShareMax);
    return [room, ofDelta, ofVolume];
  }

  /** Units until the net delta reaches its cap; any number where they lead away from it. */
  #unitsOfDelta(terms: Terms): number {
    const { account, pricing, portfolio } = this.#parts;
    const cap = pricing.configOf(terms.symbol).risk.netDeltaCap * fromMicros(portfolio.equityMicros());
    const each = account.deltaOf(terms, 1);
    const net = account.netDelta();
    if (each === 0 || net * each < 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, Math.floor((cap - Math.abs(net)) / Math.abs(each) - 1e-9));
  }
}
