/** Every question and order that the trading side puts to Alpaca, once each: path, priority and the form of the answer. */
import { trading } from '@alpacahq/alpaca-trade-api';
import { z } from 'zod';
import type { SubmitAttempted } from '../../events/order.events.ts';
import type { AlpacaClient } from './alpaca-client.ts';
import type { CallPriority } from './rate-limit.ts';
import {
  accountSchema,
  activitySchema,
  orderSchema,
  positionSchema,
  type VenueAccount,
  type VenueActivity,
  type VenueOrder,
  venueSymbol,
} from './venue-messages.ts';

/** A submit that cannot go at once would be priced by a market that is gone. */
const SUBMIT_WAIT_MS = 1_000;
const READ_WAIT_MS = 30_000;
const ORDERS_A_PAGE = 500;
const ACTIVITIES_A_PAGE = 100;
const noBody = z.unknown().transform(() => null);

type Position = z.infer<typeof positionSchema>;

export class VenueCalls {
  readonly #client: AlpacaClient;
  readonly #orders: trading.OrdersApi;
  readonly #accounts: trading.AccountsApi;
  readonly #positions: trading.PositionsApi;
  readonly #activities: trading.AccountActivitiesApi;

  constructor(client: AlpacaClient) {
    this.#client = client;
    this.#orders = new trading.OrdersApi(client.trading);
    this.#accounts = new trading.AccountsApi(client.trading);
    this.#positions = new trading.PositionsApi(client.trading);
    this.#activities = new trading.AccountActivitiesApi(client.trading);
  }

  submit(order: SubmitAttempted & { readonly size: { readonly kind: 'quantity' } }, clientOrderId: string) {
    const { limitPx, ordinal, orderType, side, size, stopPx, symbol, timeInForce } = order;
    const postOrderRequest: trading.PostOrderRequest = {
      symbol: venueSymbol(symbol),
      qty: decimalText(size.quantity),
      side,
      type: orderType,
      timeInForce,
      clientOrderId,
      ...(limitPx === null || orderType !== 'limit' ? {} : { limitPrice: decimalText(limitPx) }),
      ...(stopPx === null || orderType !== 'stop' ? {} : { stopPrice: decimalText(stopPx) }),
    };
    return this.#client.once({
      what: `submit of order ${ordinal}`,
      priority: 'submit',
      waitMs: SUBMIT_WAIT_MS,
      schema: orderSchema,
      send: (init) => this.#orders.postOrderRaw({ postOrderRequest }, init),
    });
  }

  update(
    venueOrderId: string,
    to: { readonly quantity: number; readonly limitPx: number; readonly clientOrderId: string },
  ) {
    const patchOrderRequest = {
      qty: decimalText(to.quantity),
      limitPrice: decimalText(to.limitPx),
      clientOrderId: to.clientOrderId,
    };
    return this.#client.once({
      what: `change to ${to.clientOrderId}`,
      priority: 'submit',
      waitMs: SUBMIT_WAIT_MS,
      schema: orderSchema,
      send: (init) => this.#orders.patchOrderByOrderIdRaw({ orderId: venueOrderId, patchOrderRequest }, init),
    });
  }

  cancel(order: number | string, venueOrderId: string) {
    return this.#client.once({
      what: `cancel of order ${order}`,
      priority: 'cancel',
      schema: noBody,
      send: (init) => this.#orders.deleteOrderByOrderIDRaw({ orderId: venueOrderId }, init),
    });
  }

  orderByClientId(clientOrderId: string): Promise<VenueOrder> {
    return this.#client.read({
      what: `look-up of ${clientOrderId}`,
      priority: 'lookup',
      schema: orderSchema,
      send: (init) => this.#orders.getOrderByClientOrderIdRaw({ clientOrderId }, init),
    });
  }

  orderById(orderId: string): Promise<VenueOrder> {
    return this.#client.read({
      what: `look-up of ${orderId}`,
      priority: 'lookup',
      schema: orderSchema,
      send: (init) => this.#orders.getOrderByOrderIDRaw({ orderId }, init),
    });
  }

  /** All that are open, in the order they were sent. */
  async openOrders(priority: CallPriority = 'read'): Promise<readonly VenueOrder[]> {
    const all: VenueOrder[] = [];
    for (;;) {
      const afterOrderId = all.at(-1)?.venueOrderId;
      const after = afterOrderId === undefined ? {} : { afterOrderId };
      const query = { status: 'open', direction: 'asc', ...after } as const;
      const page = await this.#ordersPage('open orders', query, priority);
      all.push(...page);
      if (page.length < ORDERS_A_PAGE) return all;
    }
  }

  /** The newest orders of the account, whatever became of them, in the order they were sent. */
  async newestOrders(): Promise<readonly VenueOrder[]> {
    const page = await this.#ordersPage('newest orders', { status: 'all', direction: 'desc' });
    return page.toReversed();
  }

  #ordersPage(
    what: string,
    query: trading.GetAllOrdersRequest,
    priority: CallPriority = 'read',
  ): Promise<VenueOrder[]> {
    return this.#client.read({
      what,
      priority,
      waitMs: READ_WAIT_MS,
      schema: z.array(orderSchema),
      send: (init) => this.#orders.getAllOrdersRaw({ ...query, limit: ORDERS_A_PAGE, nested: false }, init),
    });
  }

  account(): Promise<VenueAccount> {
    return this.#client.read({
      what: 'account',
      priority: 'read',
      waitMs: READ_WAIT_MS,
      schema: accountSchema,
      send: (init) => this.#accounts.getAccountRaw(init),
    });
  }

  positions(): Promise<readonly Position[]> {
    return this.#client.read({
      what: 'positions',
      priority: 'read',
      waitMs: READ_WAIT_MS,
      schema: z.array(positionSchema),
      send: (init) => this.#positions.getAllOpenPositionsRaw(init),
    });
  }

  /** What moved the account beside trades after a moment (microseconds), oldest first. */
  async activities(since: number): Promise<readonly VenueActivity[]> {
    const all: VenueActivity[] = [];
    for (;;) {
      const pageToken = all.at(-1)?.id;
      const page = await this.#client.read({
        what: 'account activities',
        priority: 'read',
        waitMs: READ_WAIT_MS,
        schema: z.array(activitySchema),
        send: (init) =>
          this.#activities.getAccountActivitiesRaw(
            {
              category: 'non_trade_activity',
              after: new Date(since / 1_000),
              direction: 'asc',
              pageSize: ACTIVITIES_A_PAGE,
              ...(pageToken === undefined ? {} : { pageToken }),
            },
            init,
          ),
      });
      all.push(...page);
      if (page.length < ACTIVITIES_A_PAGE) return all;
    }
  }
}

/** Never in exponents, which the venue does not read; nine decimals are the most it takes. */
const decimalText = (value: number): string =>
  Number.isInteger(value) ? value.toFixed(0) : value.toFixed(9).replace(/\.?0+$/, '');
