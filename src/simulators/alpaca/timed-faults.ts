/** What each fault with a time does to the venue when its time has come. */
import type { HostClock } from '../../bus/ports.ts';
import { toMicros } from '../../domain/money.ts';
import type { CorporateAction } from './data-routes.ts';
import type { DataStream } from './data-stream.ts';
import type { StreamName, TimedFault } from './faults.ts';
import type { OrderDesk } from './order-desk.ts';
import type { OrderStream } from './order-stream.ts';
import type { SimulatedMarket } from './simulated-market.ts';
import { dayOf, decimal } from './vendor-forms.ts';
import type { VenueAccount } from './venue-account.ts';

/** What of the venue faults reach into. */
export interface FaultyVenue {
  readonly clock: HostClock;
  readonly market: SimulatedMarket;
  readonly account: VenueAccount;
  readonly desk: OrderDesk;
  readonly streams: Readonly<Record<Exclude<StreamName, 'orders'>, DataStream>> & {
    readonly orders: OrderStream;
  };
  readonly corporateActions: CorporateAction[];
  readonly state: { keysRevoked: boolean; out: boolean; skewUs: number };
}

/** How long the venue holds a connection for open that is dead. */
const NOTICED_MS = 30_000;

export function performFault(venue: FaultyVenue, fault: TimedFault): void {
  switch (fault.kind) {
    case 'disconnect':
      for (const socket of venue.streams[fault.stream].sockets) socket.terminate();
      return;
    case 'halfOpen':
      for (const socket of venue.streams[fault.stream].sockets) {
        socket.goSilent();
        // Its place is taken until the venue notices by itself.
        venue.clock.after(NOTICED_MS, () => socket.terminate());
      }
      return;
    case 'cutFrame':
      for (const socket of venue.streams[fault.stream].sockets) socket.cutFrame();
      return;
    case 'garbage':
      return venue.streams[fault.stream].garbage();
    case 'slowClient':
      return dropSlow(venue, fault.stream);
    case 'outage':
      for (const stream of Object.values(venue.streams)) for (const each of stream.sockets) each.terminate();
      return during(venue, fault.forMs, (on) => (venue.state.out = on));
    case 'revokeKeys':
      for (const stream of Object.values(venue.streams)) for (const each of stream.sockets) each.terminate();
      return during(venue, fault.forMs, (on) => (venue.state.keysRevoked = on));
    case 'blockAccount':
      return during(venue, fault.forMs, (on) => (venue.account.blocked = on ? 'account is blocked' : null));
    case 'freeze': {
      const frozen = fault.stream === undefined ? (['stocks', 'options', 'crypto'] as const) : [fault.stream];
      return during(venue, fault.forMs, (on) => {
        for (const name of frozen) venue.streams[name].frozen = on;
      });
    }
    case 'halt':
      return during(venue, fault.forMs, (on) => venue.market.halt(fault.symbol, on));
    case 'luld': {
      const px = venue.market.lastPx(fault.symbol);
      if (px !== null)
        venue.market.bands(fault.symbol, cents(px * (1 - fault.share)), cents(px * (1 + fault.share)));
      return;
    }
    case 'clockSkew':
      venue.state.skewUs = Math.round(fault.byMs * 1_000);
      return;
    case 'bustTrade':
      return venue.desk.restate(null);
    case 'correctTrade':
      return venue.desk.restate(fault.byPx);
    case 'foreignOrder':
    case 'moveByHand':
      return byHand(venue, fault);
    case 'dividend':
      return payDividend(venue, fault.symbol, fault.perShare);
    case 'split':
      return split(venue, fault.symbol, fault.numerator, fault.denominator);
  }
}

/** On now, off after a while; never off where no end is given. */
function during(venue: FaultyVenue, forMs: number | undefined, set: (on: boolean) => void): void {
  set(true);
  if (forMs !== undefined) venue.clock.after(forMs, () => set(false));
}

function dropSlow(venue: FaultyVenue, name: StreamName): void {
  if (name === 'orders') for (const socket of venue.streams.orders.sockets) socket.terminate();
  else venue.streams[name].dropSlow();
}

/** Somebody trades in the account without us: by the venue's own page, or by a transfer. */
function byHand(
  venue: FaultyVenue,
  fault: Extract<TimedFault, { readonly kind: 'foreignOrder' | 'moveByHand' }>,
): void {
  const { qty, symbol } = fault;
  const instrument = venue.market.instrument(symbol);
  if (instrument === undefined) return;
  if (fault.kind === 'moveByHand') {
    venue.account.move(instrument, qty, venue.market.lastPx(symbol) ?? 1);
    return;
  }
  const timeInForce = instrument.assetClass === 'us_option' ? 'day' : 'gtc';
  const { limitPx, side } = fault;
  venue.desk.placeByHand({
    symbol,
    side,
    qty,
    type: 'limit',
    limit_price: limitPx,
    time_in_force: timeInForce,
  });
}

function payDividend(venue: FaultyVenue, symbol: string, perShare: number): void {
  const now = venue.clock.now();
  const day = dayOf(now);
  const json = {
    symbol,
    rate: perShare,
    special: false,
    foreign: false,
    ex_date: day,
    record_date: day,
    payable_date: day,
    process_date: day,
  };
  venue.corporateActions.push({ kind: 'cash_dividends', symbol, day, json });
  const qty = venue.account.qtyOf(symbol);
  if (qty === 0) return;
  venue.account.paid('DIV', toMicros(qty * perShare), now, {
    symbol,
    qty: decimal(qty),
    per_share_amount: decimal(perShare),
  });
}

function split(venue: FaultyVenue, symbol: string, numerator: number, denominator: number): void {
  const now = venue.clock.now();
  const day = dayOf(now);
  const kind = numerator > denominator ? 'forward_splits' : 'reverse_splits';
  const json = {
    symbol,
    new_rate: numerator,
    old_rate: denominator,
    ex_date: day,
    process_date: day,
    record_date: day,
  };
  venue.corporateActions.push({ kind, symbol, day, json });
  const position = venue.account.positions.get(symbol);
  if (position !== undefined) {
    position.qty = Math.floor((position.qty * numerator) / denominator);
    position.avgPx *= denominator / numerator;
  }
  venue.market.split(symbol, numerator, denominator);
}

const cents = (px: number): number => Math.round(px * 100) / 100;
