/**
 * How positions in contracts end, as the Options Clearing Corporation ends them. At the settlement a contract a cent or
 * more in the money is exercised, one out of the money expires; what settles in cash pays its intrinsic value. Exercise
 * and assignment cost no fee.
 *
 * Modelled, and said so: the settlement price is the underlying's last price at the close, or its opening print for what
 * settles at the open. An exercise the account cannot carry (shares it cannot pay, a short it may not hold) or that would
 * deliver a declared holding is closed out at that price instead, as brokers do where they are told to. A long holder never exercises early. A short American position is assigned
 * whole at the first close at which its holder would lose by waiting: by the rate and yield of the configuration and by
 * the chain model's volatility, or the one that the midpoint of a recorded quote implies (none where it holds no time
 * value). Without a volatility or a two-sided quote it is not assigned.
 */
import type { OptionsConfig } from '../../domain/config.ts';
import { onQuantityGrid } from '../../domain/instrument.ts';
import { fromMicros, toMicros } from '../../domain/money.ts';
import { exerciseIsRational } from '../../domain/options/american.ts';
import { americanImpliedVol } from '../../domain/options/american-implied-vol.ts';
import {
  comparableSpot,
  intrinsic,
  type OptionContract,
  yearsToExpiry,
} from '../../domain/options/contract.ts';
import { settlementTime } from '../../domain/options/expiries.ts';
import type { OptionMarket } from '../../domain/options/option-inputs.ts';
import type { Position } from '../../domain/portfolio.ts';
import type { TwoSided } from '../../domain/spread-model.ts';
import type { OptionSettled } from '../../events/option.events.ts';
import type { Account } from './account.ts';
import type { VenueBooks } from './venue-books.ts';

/** In the money from here on; the clearing house exercises by itself (OCC Rule 805). */
const EXERCISED_FROM_MICROS = 10_000;

export type Rates = Pick<OptionsConfig, 'rate' | 'dividendYield'>;

interface Parts {
  readonly account: Account;
  readonly books: VenueBooks;
  readonly multiplierOf: (symbol: string) => number;
  /** Volatility of a contract in a modelled chain; null where there is none. */
  readonly modelledVol: (symbol: string, spot: number, at: number) => number | null;
  readonly ratesOf: (underlying: string) => Rates;
  readonly settled: (settlement: OptionSettled, time: number) => void;
}

export class ClearingHouse {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Ends what has come to its end by `at` on these symbols and, at a close, what is assigned before. */
  settle(symbols: readonly string[], at: number, isClose: boolean): void {
    const { account, books } = this.#parts;
    for (const position of account.positions()) {
      const { contract } = books.of(position.symbol);
      if (contract === null) continue;
      if (!symbols.includes(contract.underlying) && !symbols.includes(contract.symbol)) continue;
      const spot = this.#settlementPx(contract);
      if (spot === 0) continue;
      const due = settlementTime(contract);
      if (due <= at) this.#end(position, contract, spot, due);
      else if (isClose && position.quantity < 0 && this.#isAssignedEarly(contract, spot, at)) {
        this.#exercise(position, contract, spot, at);
      }
    }
  }

  #end(position: Position, contract: OptionContract, spot: number, at: number): void {
    if (toMicros(intrinsic(contract, spot)) < EXERCISED_FROM_MICROS) {
      return this.#post(position, contract, spot, at, { how: 'expired', delivers: false });
    }
    this.#exercise(position, contract, spot, at);
  }

  #exercise(position: Position, contract: OptionContract, spot: number, at: number): void {
    const isLong = position.quantity > 0;
    if (contract.settlement === 'cash' || (isLong && !this.#canCarry(position, contract))) {
      return this.#post(position, contract, spot, at, { how: 'cashSettled', delivers: false });
    }
    this.#post(position, contract, spot, at, { how: isLong ? 'exercised' : 'assigned', delivers: true });
  }

  #post(
    { quantity }: Position,
    contract: OptionContract,
    spot: number,
    time: number,
    { how, delivers }: { readonly how: OptionSettled['how']; readonly delivers: boolean },
  ): void {
    const { symbol, underlying, strike, multiplier } = contract;
    const settlement: OptionSettled = {
      settlementId: `sim-${symbol}-${time}`,
      symbol,
      how,
      quantity,
      optionPx: how === 'cashSettled' ? fromMicros(toMicros(intrinsic(contract, spot))) : 0,
      underlying,
      underlyingPx: spot,
      strike,
      shares: delivers ? deliveredBy(contract, quantity) : 0,
    };
    const underlyingMultiplier = this.#parts.multiplierOf(underlying);
    this.#parts.account.settle({ ...settlement, multiplier, underlyingMultiplier });
    this.#parts.settled(settlement, time);
  }

  #canCarry({ quantity }: Position, contract: OptionContract): boolean {
    const { account } = this.#parts;
    const { underlying } = contract;
    const shares = deliveredBy(contract, quantity);
    if (shares < 0 && !account.maySell(underlying, -shares)) return false;
    return (
      account.refusal({
        symbol: underlying,
        side: shares > 0 ? 'buy' : 'sell',
        quantity: Math.abs(shares),
        px: (contract.strike * contract.multiplier) / contract.deliverable,
        feeMicros: 0,
        multiplier: this.#parts.multiplierOf(underlying),
      }) === null
    );
  }

  /** 0 where the underlying was never seen: then nothing can be settled yet. */
  #settlementPx(contract: OptionContract): number {
    const { print, lastPx } = this.#parts.books.of(contract.underlying);
    const opened = contract.settlesAt === 'open' && print !== null && print.at >= settlementTime(contract);
    return opened ? print.px : lastPx;
  }

  #isAssignedEarly(contract: OptionContract, spot: number, at: number): boolean {
    const { style, underlying, right, strike, symbol } = contract;
    if (style === 'european') return false;
    const market = {
      right,
      strike,
      spot: comparableSpot(contract, spot),
      years: yearsToExpiry(contract, at),
      ...this.#parts.ratesOf(underlying),
    };
    const { quote } = this.#parts.books.of(symbol);
    const vol = quote === null ? this.#parts.modelledVol(symbol, spot, at) : impliedBy(quote, market);
    return vol !== null && exerciseIsRational({ ...market, vol });
  }
}

function impliedBy({ bidPx, askPx }: TwoSided, market: OptionMarket): number | null {
  if (!(bidPx > 0 && askPx > 0)) return null;
  const implied = americanImpliedVol(market, (bidPx + askPx) / 2);
  if (implied.ok) return implied.vol;
  return implied.reason === 'belowIntrinsic' || implied.reason === 'noTimeValue' ? 0 : null;
}

/** Units of the underlying that come in (negative: go) where the contract is exercised by its holder. */
const deliveredBy = ({ right, deliverable }: OptionContract, quantity: number): number =>
  onQuantityGrid(quantity * deliverable * (right === 'call' ? 1 : -1));
