/**
 * Trades as people count them: from flat to flat, per symbol and role. A fill that crosses zero closes one trade and
 * opens the next, its fee shared by quantity. Profit is what came in less what went out less fees, in whole micros.
 */
import { onQuantityGrid, sideSign } from '../domain/instrument.ts';
import { fromMicros, notionalMicros } from '../domain/money.ts';
import type { PositionRole } from '../domain/portfolio.ts';
import type { FillRecord, RegimeNow, SplitMove, SplitRecord } from './run-records.ts';

/** One round trip. Prices are quantity-weighted averages, money is dollars, `returnOnEntry` is net profit over entry value. */
export interface Trade {
  /** An option's is its OCC symbol. */
  readonly symbol: string;
  readonly underlying: string;
  readonly instrument: 'equity' | 'call' | 'put';
  /** YYYY-MM-DD and dollars; null for shares. */
  readonly expiry: string | null;
  readonly strike: number | null;
  readonly role: PositionRole;
  readonly side: 'long' | 'short';
  /** Units bought (sold, for a short) over the trade's life. */
  readonly quantity: number;
  readonly entryTime: number;
  readonly entryPx: number;
  readonly exitTime: number;
  readonly exitPx: number;
  readonly pnl: number;
  readonly fees: number;
  readonly returnOnEntry: number;
  readonly barsHeld: number;
  readonly entryReason: string;
  readonly exitReason: string;
  readonly regimeAtEntry: RegimeNow | null;
}

interface OpenTrade {
  readonly first: FillRecord;
  readonly sign: 1 | -1;
  symbol: string;
  held: number;
  entered: number;
  entryMicros: number;
  exitMicros: number;
  feeMicros: number;
}

/** Folds fills, in order, into closed trades; what is still open at the end is not a trade yet. */
export function roundTrips(fills: readonly FillRecord[], splits: readonly SplitRecord[] = []): Trade[] {
  const open = new Map<string, OpenTrade>();
  const closed: Trade[] = [];
  let next = 0;
  for (const fill of fills) {
    if (fill.role === 'core') continue;
    while (next < splits.length && splits[next].seq < fill.seq) split(open, closed, splits[next++]);
    const key = keyOf(fill.symbol, fill.role);
    const sign = sideSign(fill.side);
    const held = open.get(key);
    if (held === undefined) {
      open.set(key, begin(fill, fill.quantity, fill.feeMicros));
      continue;
    }
    if (sign === held.sign) {
      add(held, fill, fill.quantity, fill.feeMicros);
      continue;
    }
    const closing = Math.min(held.held, fill.quantity);
    const rest = onQuantityGrid(fill.quantity - closing);
    const closingFee = rest === 0 ? fill.feeMicros : Math.round((fill.feeMicros * closing) / fill.quantity);
    held.held = onQuantityGrid(held.held - closing);
    held.exitMicros += notionalMicros(closing, fill.px, fill.multiplier);
    held.feeMicros += closingFee;
    if (held.held > 0) continue;
    closed.push(finish(held, fill));
    open.delete(key);
    if (rest > 0) open.set(key, begin(fill, rest, fill.feeMicros - closingFee));
  }
  for (const rest of splits.slice(next)) split(open, closed, rest);
  return closed;
}

const keyOf = (symbol: string, role: PositionRole): string => `${symbol} ${role}`;

/** Open trades count anew, under the names their contracts have now; one of which nothing is left ends. */
function split(open: Map<string, OpenTrade>, closed: Trade[], { moves, time, bar }: SplitRecord): void {
  const held = moves.map(({ from, role }) => open.get(keyOf(from, role)));
  for (const { from, role } of moves) open.delete(keyOf(from, role));
  moves.forEach(({ role, to, factor, quantity, cashMicros }: SplitMove, i) => {
    const trade = held[i];
    if (trade === undefined) return;
    trade.symbol = to;
    trade.held = Math.abs(quantity);
    trade.entered = onQuantityGrid(trade.entered * factor);
    trade.exitMicros += trade.sign * cashMicros;
    if (trade.held > 0) open.set(keyOf(to, role), trade);
    else closed.push(finish(trade, { time, bar, reason: 'split' }));
  });
}

function begin(first: FillRecord, quantity: number, feeMicros: number): OpenTrade {
  const trade: OpenTrade = {
    first,
    symbol: first.symbol,
    sign: sideSign(first.side),
    held: 0,
    entered: 0,
    entryMicros: 0,
    exitMicros: 0,
    feeMicros: 0,
  };
  add(trade, first, quantity, feeMicros);
  return trade;
}

function add(trade: OpenTrade, fill: FillRecord, quantity: number, feeMicros: number): void {
  trade.held = onQuantityGrid(trade.held + quantity);
  trade.entered = onQuantityGrid(trade.entered + quantity);
  trade.entryMicros += notionalMicros(quantity, fill.px, fill.multiplier);
  trade.feeMicros += feeMicros;
}

function finish(trade: OpenTrade, last: Pick<FillRecord, 'time' | 'bar' | 'reason'>): Trade {
  const { first, sign, entered, symbol } = trade;
  const { contract } = first;
  const units = entered * first.multiplier;
  const pnlMicros = sign * (trade.exitMicros - trade.entryMicros) - trade.feeMicros;
  return {
    symbol,
    underlying: contract?.underlying ?? symbol,
    instrument: contract?.right ?? 'equity',
    expiry: contract?.expiry ?? null,
    strike: contract?.strike ?? null,
    role: first.role,
    side: sign === 1 ? 'long' : 'short',
    quantity: entered,
    entryTime: first.time,
    entryPx: fromMicros(trade.entryMicros) / units,
    exitTime: last.time,
    exitPx: fromMicros(trade.exitMicros) / units,
    pnl: fromMicros(pnlMicros),
    fees: fromMicros(trade.feeMicros),
    returnOnEntry: pnlMicros / trade.entryMicros,
    barsHeld: last.bar - first.bar,
    entryReason: first.reason,
    exitReason: last.reason,
    regimeAtEntry: first.regime,
  };
}
