/**
 * Alpaca's answers and updates about our account, in our terms: numbers that may come as text, moments as microseconds,
 * symbols in our forms. Loose on what is unknown, which is kept out.
 */
import { z } from 'zod';
import type { Side } from '../../domain/instrument.ts';
import { parseCompactOcc, parseOcc, printOcc } from '../../domain/options/occ-symbol.ts';
import { microsOf } from './market-time.ts';

const decimal = z
  .union([z.number(), z.string().regex(/^-?(\d+\.?\d*|\.\d+)$/, 'expected a decimal number')])
  .transform(Number);
const maybeDecimal = decimal.nullish().transform((value) => value ?? null);
const maybeText = z
  .string()
  .nullish()
  .transform((value) => (value === undefined || value === '' ? null : value));
const moment = z.string().transform((text, context) => {
  const time = microsOf(text);
  if (Number.isNaN(time))
    context.addIssue({ code: 'custom', message: 'expected a moment, as RFC 3339 has it' });
  return time;
});
const maybeMoment = moment.nullish().transform((value) => value ?? null);

/** Our symbol for the venue's: contracts have 21 characters, and its positions in crypto leave out the slash. */
export function ourSymbol(symbol: string, assetClass: string | null): string {
  const option = parseCompactOcc(symbol);
  if (assetClass !== 'crypto') return option.ok ? printOcc(option) : symbol;
  if (symbol.includes('/')) return symbol;
  return symbol.replace(/(USDT|USDC|USD|BTC)$/, '/$1');
}

export const venueSymbol = (symbol: string): string =>
  parseOcc(symbol).ok ? symbol.replaceAll(' ', '') : symbol;

const sideOf = (text: string | null): Side | null => (text === 'buy' || text === 'sell' ? text : null);

export const orderSchema = z
  .object({
    id: z.string().min(1),
    client_order_id: z.string(),
    symbol: maybeText,
    asset_class: maybeText,
    side: maybeText,
    type: maybeText,
    status: z.string(),
    qty: maybeDecimal,
    filled_qty: maybeDecimal,
    filled_avg_price: maybeDecimal,
    limit_price: maybeDecimal,
    replaced_by: maybeText,
    replaces: maybeText,
    updated_at: maybeMoment,
    submitted_at: maybeMoment,
  })
  // The parent of several legs has no symbol, and may cost less than nothing.
  .refine((order) => order.symbol === null || !order.filled_qty || (order.filled_avg_price ?? 0) > 0, {
    path: ['filled_avg_price'],
    message: 'expected a price above 0, since part of the order is filled',
  })
  .transform((order) => ({
    venueOrderId: order.id,
    clientOrderId: order.client_order_id,
    /** Null for the parent of several legs. */
    symbol: order.symbol === null ? null : ourSymbol(order.symbol, order.asset_class),
    side: sideOf(order.side),
    orderType: order.type,
    status: order.status,
    /** Null while it is an amount of dollars. */
    quantity: order.qty,
    filledQty: order.filled_qty ?? 0,
    avgPx: order.filled_qty ? order.filled_avg_price : null,
    limitPx: order.limit_price,
    replacedBy: order.replaced_by,
    replaces: order.replaces,
    asOf: order.updated_at ?? order.submitted_at ?? 0,
  }));
export type VenueOrder = z.infer<typeof orderSchema>;

export const tradeUpdateSchema = z
  .object({
    event: z.string(),
    execution_id: maybeText,
    previous_execution_id: maybeText,
    price: maybeDecimal,
    qty: maybeDecimal,
    timestamp: maybeMoment,
    reason: maybeText,
    order: orderSchema,
  })
  .transform((update) => ({
    event: update.event,
    executionId: update.execution_id,
    previousExecutionId: update.previous_execution_id,
    px: update.price,
    qty: update.qty,
    time: update.timestamp ?? update.order.asOf,
    reason: update.reason,
    order: update.order,
  }));
export type TradeUpdate = z.infer<typeof tradeUpdateSchema>;

export const accountSchema = z
  .object({
    id: z.string().min(1),
    status: z.string(),
    cash: decimal,
    equity: decimal,
    buying_power: decimal,
    account_blocked: z.boolean().default(false),
    trading_blocked: z.boolean().default(false),
    trade_suspended_by_user: z.boolean().default(false),
    shorting_enabled: z.boolean().default(false),
    options_trading_level: maybeDecimal,
  })
  .transform((account) => ({
    accountId: account.id,
    cash: account.cash,
    equity: account.equity,
    buyingPower: account.buying_power,
    blocked: blockOf(account),
    optionsLevel: Math.min(3, Math.max(0, account.options_trading_level ?? 0)),
    shorting: account.shorting_enabled,
  }));
export type VenueAccount = z.infer<typeof accountSchema>;

function blockOf(account: {
  status: string;
  account_blocked: boolean;
  trading_blocked: boolean;
  trade_suspended_by_user: boolean;
}): string | null {
  if (account.account_blocked) return 'the account is blocked';
  if (account.trading_blocked) return 'the account is blocked for trading';
  if (account.trade_suspended_by_user) return 'trading is suspended in the settings of the account';
  return account.status === 'ACTIVE' ? null : `the account's status is ${account.status}, not ACTIVE`;
}

export const positionSchema = z
  .object({
    symbol: z.string().min(1),
    asset_class: maybeText,
    qty: decimal,
    side: maybeText,
    avg_entry_price: decimal,
  })
  .transform(({ asset_class, avg_entry_price, qty, side, symbol }) => ({
    symbol: ourSymbol(symbol, asset_class),
    quantity: side === 'short' ? -Math.abs(qty) : qty,
    avgPx: avg_entry_price,
  }));

export const clockSchema = z.object({
  timestamp: moment,
  is_open: z.boolean(),
  /** Of our own simulator, which says how fast its time runs. */
  simulator: z.object({ speed: z.number().positive() }).nullish(),
});

export const assetSchema = z.object({
  symbol: z.string().min(1),
  class: z.string(),
  status: z.string(),
  tradable: z.boolean(),
});

export const contractSchema = z.object({
  symbol: z.string().min(1),
  status: z.string(),
  tradable: z.boolean().default(true),
  multiplier: maybeDecimal,
});

export const activitySchema = z.object({
  id: z.string().min(1),
  activity_type: z.string(),
  status: maybeText,
  symbol: maybeText,
  net_amount: maybeDecimal,
  qty: maybeDecimal,
  price: maybeDecimal,
  date: maybeText,
  description: maybeText,
});
export type VenueActivity = z.infer<typeof activitySchema>;
