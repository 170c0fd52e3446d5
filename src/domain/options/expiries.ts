/**
 * When listed options expire and settle. A closed market on the expiry moves everything to the session before; until
 * January 2015 monthly options expired on the Saturday after their last trading day, and their symbols say so. Settlement
 * is at the bells of the stock market: the quarter of an hour that some index and fund options trade on is not modelled.
 */
import {
  civilDay,
  dayToMicros,
  previousTradingDay,
  thirdFriday,
  tradingSession,
  yearMonthOf,
} from '../exchange-calendar.ts';

const DAY_US = 86_400_000_000;

/** What of a contract decides its dates. */
export interface Expiring {
  readonly expiry: string;
  readonly settlesAt: 'open' | 'close';
}

/** The last session on or before the expiry. */
export const settlementDay = (expiry: string): string =>
  tradingSession('XNYS', expiry) === null ? previousTradingDay('XNYS', expiry) : expiry;

/** What settles at the opening print stops trading the session before. */
export function lastTradingDay({ expiry, settlesAt }: Expiring): string {
  const day = settlementDay(expiry);
  return settlesAt === 'open' ? previousTradingDay('XNYS', day) : day;
}

const times = { open: new Map<string, number>(), close: new Map<string, number>() };

/** The moment the payoff is struck, microseconds: 16:00 New York, 13:00 on half-days, 09:30 for what settles at the open. */
export function settlementTime({ expiry, settlesAt }: Expiring): number {
  let time = times[settlesAt].get(expiry);
  if (time === undefined) {
    time = tradingSession('XNYS', settlementDay(expiry))![settlesAt];
    times[settlesAt].set(expiry, time);
  }
  return time;
}

/** The first month whose options expire on the third Friday itself (OCC rule change, 78 FR 37646, June 2013). */
const FRIDAY_EXPIRY_FROM = '2015-02';

function monthlyExpiry(year: number, month: number): string {
  const friday = thirdFriday(year, month);
  return friday < FRIDAY_EXPIRY_FROM ? civilDay(dayToMicros(friday) + DAY_US) : settlementDay(friday);
}

/** Expiries of the monthly options from one day to another, both included, as their symbols carry them. */
export function monthlyExpiries(from: string, to: string): string[] {
  let { year, month } = yearMonthOf(dayToMicros(from));
  const expiries: string[] = [];
  for (;;) {
    const expiry = monthlyExpiry(year, month);
    if (expiry > to) return expiries;
    if (expiry >= from) expiries.push(expiry);
    month = (month % 12) + 1;
    if (month === 1) year += 1;
  }
}
