/** What the venue accepts of an order before it looks at the account: the fields, the forms and what each class may do. */
import { tickSize } from '../../domain/instrument.ts';
import type { VenueInstrument } from './instruments.ts';
import { Refusal } from './vendor-forms.ts';
import { orderTypes, type VenueOrder, type VenueOrderType, type VenueTimeInForce } from './venue-order.ts';

export type NewVenueOrder = Pick<
  VenueOrder,
  | 'clientOrderId'
  | 'instrument'
  | 'side'
  | 'type'
  | 'timeInForce'
  | 'qty'
  | 'limitPx'
  | 'stopPx'
  | 'extendedHours'
  | 'positionIntent'
>;

const TIMES_IN_FORCE: Readonly<Record<VenueInstrument['assetClass'], readonly VenueTimeInForce[]>> = {
  us_equity: ['day', 'gtc', 'opg', 'cls', 'ioc', 'fok'],
  us_option: ['day'],
  crypto: ['gtc', 'ioc'],
};
const TYPES: Readonly<Record<VenueInstrument['assetClass'], readonly VenueOrderType[]>> = {
  us_equity: orderTypes,
  us_option: ['market', 'limit'],
  crypto: ['market', 'limit', 'stop_limit'],
};
const CLIENT_ORDER_ID_MAX = 128;

export type OrderBody = Readonly<Record<string, unknown>>;

const invalid = (message: string): Refusal => new Refusal(422, 42210000, message);
const malformed = (message: string): Refusal => new Refusal(422, 40010001, message);

export function readOrder(
  body: OrderBody,
  find: (symbol: string) => VenueInstrument | undefined,
  newId: () => string,
): NewVenueOrder {
  const symbol = `${body.symbol ?? ''}`;
  if (symbol === '') throw malformed('symbol is required');
  const instrument = find(symbol);
  if (instrument === undefined) throw invalid(`asset "${symbol}" not found`);
  const { assetClass } = instrument;
  const { side } = body;
  if (side !== 'buy' && side !== 'sell') throw malformed('invalid side');
  const type = orderTypes.find((each) => each === body.type);
  if (type === undefined) throw malformed('invalid order type');
  if (!TYPES[assetClass].includes(type)) throw invalid(`invalid order type for ${plain(assetClass)} order`);
  const timeInForce = TIMES_IN_FORCE[assetClass].find((each) => each === body.time_in_force);
  if (timeInForce === undefined) throw invalid(`invalid time_in_force for ${plain(assetClass)} order`);
  if (!['', 'simple', undefined, null].includes(body.order_class as string)) {
    throw invalid('only simple orders are supported by this simulator');
  }
  if (body.notional != null) throw invalid('notional orders are not supported by this simulator');
  return {
    clientOrderId: clientOrderIdOf(body, newId),
    instrument,
    side,
    type,
    timeInForce,
    qty: qtyOf(body.qty, instrument),
    limitPx: pxOf('limit_price', body.limit_price, type === 'limit' || type === 'stop_limit', instrument),
    stopPx: pxOf('stop_price', body.stop_price, type === 'stop' || type === 'stop_limit', instrument),
    extendedHours: body.extended_hours === true,
    positionIntent: body.position_intent == null ? null : `${body.position_intent}`,
  };
}

/** The order that replaces another: fields that are not given stay, the quantity counts what is filled already. */
export function readReplacement(order: VenueOrder, body: OrderBody, newId: () => string): NewVenueOrder {
  const { instrument, type } = order;
  const given = ['qty', 'limit_price', 'stop_price', 'time_in_force'].filter((name) => body[name] != null);
  if (given.length === 0) throw invalid('order parameters are not changed');
  const qty = body.qty == null ? order.qty : qtyOf(body.qty, instrument);
  if (qty <= order.filledQty) throw invalid('qty must be greater than filled qty');
  const limited = type === 'limit' || type === 'stop_limit';
  const stopped = type === 'stop' || type === 'stop_limit';
  const timeInForce =
    body.time_in_force == null
      ? order.timeInForce
      : TIMES_IN_FORCE[instrument.assetClass].find((each) => each === body.time_in_force);
  if (timeInForce === undefined)
    throw invalid(`invalid time_in_force for ${plain(instrument.assetClass)} order`);
  return {
    ...order,
    clientOrderId: clientOrderIdOf(body, newId),
    timeInForce,
    qty,
    limitPx: pxOf('limit_price', body.limit_price ?? order.limitPx, limited, instrument),
    stopPx: pxOf('stop_price', body.stop_price ?? order.stopPx, stopped, instrument),
  };
}

const plain = (assetClass: VenueInstrument['assetClass']): string =>
  ({ us_equity: 'equity', us_option: 'options', crypto: 'crypto' })[assetClass];

function clientOrderIdOf(body: OrderBody, newId: () => string): string {
  const id = body.client_order_id;
  if (id == null || id === '') return newId();
  if (typeof id !== 'string' || id.length > CLIENT_ORDER_ID_MAX) {
    throw malformed(`client_order_id must be no more than ${CLIENT_ORDER_ID_MAX} characters`);
  }
  return id;
}

function qtyOf(value: unknown, { assetClass }: VenueInstrument): number {
  const qty = value == null || value === '' ? Number.NaN : Number(value);
  if (Number.isNaN(qty)) throw malformed('qty or notional is required');
  if (!(qty > 0) || !Number.isFinite(qty)) throw malformed('qty must be > 0');
  if (assetClass === 'us_option' && !Number.isInteger(qty))
    throw invalid('qty must be a whole number for options orders');
  return Math.round(qty * 1e9) / 1e9;
}

function pxOf(
  name: string,
  value: unknown,
  wanted: boolean,
  { assetClass, contract }: VenueInstrument,
): number | null {
  if (!wanted) {
    if (value != null) throw invalid(`${name} is not allowed for this order type`);
    return null;
  }
  const px = value == null || value === '' ? Number.NaN : Number(value);
  if (Number.isNaN(px)) throw invalid(`${name} is required`);
  if (!(px > 0) || !Number.isFinite(px)) throw invalid(`${name} must be > 0`);
  if (assetClass === 'crypto') return px;
  // Rule 612 for shares; of options the venue checks the cent and leaves the class's grid to its exchanges.
  const step = contract === null ? tickSize(px) : 0.01;
  if (Math.abs(px / step - Math.round(px / step)) > 1e-6) {
    throw invalid(`invalid ${name} ${px}. sub-penny increment does not fulfill minimum pricing criteria`);
  }
  return px;
}
