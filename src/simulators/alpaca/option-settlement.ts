/** What becomes of contracts at the end of their last day: worthless ones expire, the others are exercised or assigned. */
import type { CalendarName } from '../../domain/instrument.ts';
import { fromMicros, notionalMicros } from '../../domain/money.ts';
import { intrinsic } from '../../domain/options/contract.ts';
import { settlementTime } from '../../domain/options/expiries.ts';
import type { BellListener } from './session-bells.ts';
import type { SimulatedMarket } from './simulated-market.ts';
import { dayOf, decimal } from './vendor-forms.ts';
import type { VenueAccount } from './venue-account.ts';

/** The clearing house exercises what is a cent in the money (OCC rule 805). */
const EXERCISED_FROM = 0.01;

export class OptionSettlement implements BellListener {
  readonly #account: VenueAccount;
  readonly #market: SimulatedMarket;

  constructor(account: VenueAccount, market: SimulatedMarket) {
    this.#account = account;
    this.#market = market;
  }

  opened(): void {}

  closed(calendar: CalendarName): void {
    if (calendar !== 'XNYS') return;
    const now = this.#market.now();
    for (const { avgPx, instrument, qty } of [...this.#account.positions.values()]) {
      const { contract, symbol } = instrument;
      if (contract === null || settlementTime(contract) > now) continue;
      const underlying = this.#market.instrument(contract.underlying);
      const spot = this.#market.lastPx(contract.underlying);
      if (underlying === undefined || spot === null) continue;
      this.#account.move(instrument, -qty, avgPx);
      const said = { date: dayOf(now), symbol, qty: decimal(-qty), status: 'executed' };
      if (intrinsic(contract, spot) < EXERCISED_FROM) {
        this.#account.record('OPEXP', now, { ...said, net_amount: '0', description: 'option expiration' });
        continue;
      }
      const shares = qty * contract.deliverable * (contract.right === 'call' ? 1 : -1);
      const micros = -Math.sign(shares) * notionalMicros(Math.abs(qty), contract.strike, contract.multiplier);
      this.#account.cashMicros += micros;
      this.#account.move(underlying, shares, contract.strike);
      const how = qty > 0 ? 'OPEXC' : 'OPASN';
      this.#account.record(how, now, { ...said, net_amount: '0', description: 'option settlement' });
      this.#account.record('OPTRD', now, {
        ...said,
        symbol: contract.underlying,
        qty: decimal(shares),
        price: decimal(contract.strike),
        net_amount: decimal(fromMicros(micros)),
      });
    }
  }
}
