/** What the account may still do: marks, buying power, and the venue's reasons to refuse an order for want of it. */
import { opposite, type Side, sideSign } from '../../domain/instrument.ts';
import { fromMicros } from '../../domain/money.ts';
import type { NewVenueOrder } from './order-rules.ts';
import type { SimulatedMarket } from './simulated-market.ts';
import { decimal, Refusal } from './vendor-forms.ts';
import type { VenueAccount } from './venue-account.ts';
import { leavesOf, type VenueOrder } from './venue-order.ts';

/** Dollars. */
export interface AccountSums {
  readonly cash: number;
  readonly equity: number;
  readonly longValue: number;
  readonly shortValue: number;
  readonly buyingPower: number;
  /** For options and crypto, which nobody lends money on. */
  readonly cashPower: number;
}

export function accountSums(
  account: VenueAccount,
  market: SimulatedMarket,
  open: readonly VenueOrder[],
): AccountSums {
  let longValue = 0;
  let shortValue = 0;
  for (const { avgPx, instrument, qty } of account.positions.values()) {
    const value = qty * (market.lastPx(instrument.symbol) ?? avgPx) * instrument.multiplier;
    if (qty > 0) longValue += value;
    else shortValue += value;
  }
  const cash = fromMicros(account.cashMicros);
  const equity = cash + longValue + shortValue;
  const reserved = open.reduce((sum, order) => sum + openingCost(order, leavesOf(order), account, market), 0);
  const power = account.options.multiplier * equity - longValue + shortValue - reserved;
  return {
    cash,
    equity,
    longValue,
    shortValue,
    buyingPower: Math.max(0, power),
    cashPower: Math.max(0, Math.min(cash + 2 * shortValue, power) - (power === 0 ? reserved : 0)),
  };
}

/** Dollars an order may tie up; what closes a position ties up nothing. A short sale counts 3 % above the ask. */
function openingCost(
  order: Pick<NewVenueOrder, 'side' | 'limitPx' | 'stopPx' | 'instrument'>,
  qty: number,
  account: VenueAccount,
  market: SimulatedMarket,
): number {
  const { instrument, limitPx, side, stopPx } = order;
  const held = account.qtyOf(instrument.symbol);
  const closes = held * sideSign(side) < 0 ? Math.min(Math.abs(held), qty) : 0;
  const opens = qty - closes;
  if (opens <= 0) return 0;
  const ask = market.quote(instrument.symbol)?.askPx || (market.lastPx(instrument.symbol) ?? 0);
  const px = side === 'buy' ? (limitPx ?? stopPx ?? ask) : Math.max(limitPx ?? 0, ask * 1.03);
  return opens * px * instrument.multiplier;
}

/** Throws the venue's refusal where the account does not carry the order. `replaced` no longer counts. */
export function checkAccount(
  order: NewVenueOrder,
  account: VenueAccount,
  market: SimulatedMarket,
  open: readonly VenueOrder[],
): void {
  if (account.blocked !== null) throw new Refusal(403, 40310000, account.blocked);
  checkOptionsLevel(order, account);
  const { instrument, qty, side } = order;
  const { symbol } = instrument;
  const others = open.filter((each) => each.instrument.symbol === symbol);
  checkWash(order, others);
  const held = account.qtyOf(symbol);
  const reserved = others.filter((each) => each.side === side).reduce((sum, each) => sum + leavesOf(each), 0);
  if (side === 'sell' && held > 0 && qty > held - reserved) {
    const available = Math.max(0, held - reserved);
    throw new Refusal(
      403,
      40310000,
      `insufficient qty available for order (requested: ${decimal(qty)}, available: ${decimal(available)})`,
      {
        available: decimal(available),
        existing_qty: decimal(held),
        held_for_orders: decimal(reserved),
        symbol,
      },
    );
  }
  if (side === 'sell' && held <= 0) checkShort(order, account);
  const cost = openingCost(order, qty, account, market);
  const sums = accountSums(account, market, open);
  const power =
    instrument.assetClass === 'us_equity' ? sums.buyingPower : Math.min(sums.cashPower, sums.buyingPower);
  if (cost > power) {
    throw new Refusal(403, 40310000, 'insufficient buying power', {
      buying_power: decimal(Math.floor(power * 100) / 100),
      cost_basis: decimal(Math.ceil(cost * 100) / 100),
    });
  }
}

function checkOptionsLevel({ instrument, side }: NewVenueOrder, account: VenueAccount): void {
  if (instrument.contract === null) return;
  const needed = side === 'buy' && account.qtyOf(instrument.symbol) >= 0 ? 2 : 1;
  if (account.options.optionsLevel < needed) {
    throw new Refusal(403, 40310000, 'account not eligible to trade options at this level');
  }
}

function checkShort({ instrument, qty }: NewVenueOrder, account: VenueAccount): void {
  if (instrument.assetClass === 'crypto') {
    throw new Refusal(
      403,
      40310000,
      `insufficient balance for ${instrument.symbol} (requested: ${decimal(qty)}, available: 0)`,
    );
  }
  if (instrument.contract === null) {
    if (!account.options.shorting) throw new Refusal(403, 40310000, 'account is not allowed to short');
    if (!Number.isInteger(qty)) throw new Refusal(422, 42210000, 'fractional orders cannot be sold short');
    return;
  }
  const { deliverable, right, underlying } = instrument.contract;
  const covered = right === 'call' && account.qtyOf(underlying) >= deliverable * qty;
  if (!covered) throw new Refusal(403, 40310000, 'account not eligible to trade uncovered option contracts');
}

/** One side would trade with the other: where either takes any price, or where their prices meet. */
function checkWash(order: NewVenueOrder, others: readonly VenueOrder[]): void {
  const { limitPx, side } = order;
  const bound = (each: Pick<VenueOrder, 'limitPx' | 'side'>) =>
    each.limitPx ?? (each.side === 'buy' ? Number.POSITIVE_INFINITY : 0);
  const crosses = (each: VenueOrder) =>
    side === 'buy' ? bound(order) >= bound(each) : bound(order) <= bound(each);
  const against = others.find((each) => each.side === opposite(side) && crosses(each));
  if (against === undefined) return;
  const kind = limitPx === null || against.limitPx === null ? 'market/stop' : 'limit';
  throw new Refusal(403, 40310000, 'potential wash trade detected. use complex orders', {
    existing_order_id: against.id,
    reject_reason: `opposite side ${kind} order exists` satisfies `opposite side ${string}`,
    symbol: order.instrument.symbol,
    side: side satisfies Side,
  });
}
