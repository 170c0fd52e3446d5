/**
 * A venue of our own that speaks Alpaca's protocols on one port: trading and market data over REST, their streams over
 * websockets. For tests, and for people without keys.
 */

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { WebSocketServer } from 'ws';
import type { HostClock } from '../../bus/ports.ts';
import { deriveSeed } from '../../domain/random.ts';
import { type CorporateAction, dataRoutes } from './data-routes.ts';
import { DataStream, type DataStreamOptions, type StreamGuard } from './data-stream.ts';
import { type FaultInput, FaultSchedule, type StreamName } from './faults.ts';
import { FrontDoor } from './front-door.ts';
import { OptionSettlement } from './option-settlement.ts';
import { type DeskOptions, OrderDesk, type OrderUpdate } from './order-desk.ts';
import { OrderStream } from './order-stream.ts';
import { SessionBells } from './session-bells.ts';
import type { SimulatedMarket } from './simulated-market.ts';
import { StreamSocket } from './stream-socket.ts';
import { type FaultyVenue, performFault } from './timed-faults.ts';
import { tradingRoutes } from './trading-routes.ts';
import { decimal, idFor, idMaker, Refusal, rfc3339 } from './vendor-forms.ts';
import { type AccountOptions, VenueAccount } from './venue-account.ts';
import { leavesOf, orderJson } from './venue-order.ts';

export interface VenueLimits extends DeskOptions {
  readonly callsPerMinute: number;
  /** Symbols per channel of one connection: thirty of shares and two hundred contracts are what costs nothing. */
  readonly stockSymbols: number;
  readonly optionSymbols: number;
  readonly authMs: number;
}

export interface AlpacaSimulatorOptions {
  readonly clock: HostClock;
  readonly market: SimulatedMarket;
  readonly account?: AccountOptions;
  readonly keyId?: string;
  readonly secret?: string;
  readonly seed?: number;
  /** Of the clock against the wall's: told to clients, who follow it. */
  readonly speed?: number;
  readonly faults?: readonly FaultInput[];
  readonly limits?: Partial<VenueLimits>;
  /** Told of each request before it is worked on. */
  readonly onRequest?: () => void;
}

/** What tests look at: nothing here is part of the protocol. */
export interface VenueCounters {
  /** Orders ever accepted, by client order id. */
  readonly accepted: ReadonlyMap<string, number>;
  readonly liveOrders: readonly string[];
  readonly framesSent: number;
  readonly framesReceived: number;
  /** Requests being worked on, those that wait for the clock left out. */
  readonly requestsOpen: number;
  readonly requestsServed: number;
  readonly sockets: readonly { readonly path: string; readonly framesSent: number }[];
  readonly faults: ReadonlyMap<string, number>;
}

export const SIMULATOR_KEY_ID = 'SIMULATOR';
export const SIMULATOR_SECRET = 'simulator';

const DEFAULT_LIMITS: VenueLimits = {
  ackMs: 20,
  cancelMs: 30,
  insideChance: 0.15,
  callsPerMinute: 200,
  stockSymbols: 30,
  optionSymbols: 200,
  authMs: 10_000,
};

const SHARE_CHANNELS = ['trades', 'quotes', 'bars', 'updatedBars', 'dailyBars', 'statuses', 'lulds'] as const;
const PATHS: Readonly<Record<string, StreamName>> = {
  '/stream': 'orders',
  '/v2/iex': 'stocks',
  '/v2/sip': 'stocks',
  '/v1beta1/indicative': 'options',
  '/v1beta1/opra': 'options',
  '/v1beta3/crypto/us': 'crypto',
};

export class AlpacaSimulator implements FaultyVenue {
  readonly market: SimulatedMarket;
  readonly account: VenueAccount;
  readonly desk: OrderDesk;
  readonly faults: FaultSchedule;
  readonly streams: FaultyVenue['streams'];
  readonly corporateActions: CorporateAction[] = [];
  readonly clock: HostClock;
  /** What faults switch. */
  readonly state = { keysRevoked: false, out: false, skewUs: 0 };
  readonly #frames = { framesSent: 0, framesReceived: 0 };
  readonly #door: FrontDoor;
  readonly #bells: SessionBells;
  readonly #keys: { readonly keyId: string; readonly secret: string };
  readonly #armed: readonly FaultInput[];

  constructor(options: AlpacaSimulatorOptions) {
    const { clock, market, seed = 1, speed = 1 } = options;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.clock = clock;
    this.market = market;
    this.#keys = { keyId: options.keyId ?? SIMULATOR_KEY_ID, secret: options.secret ?? SIMULATOR_SECRET };
    this.#armed = options.faults ?? [];
    const newId = idMaker(deriveSeed(seed, 3));
    this.faults = new FaultSchedule(clock, (fault) => performFault(this, fault));
    this.account = new VenueAccount(options.account ?? {}, (symbol) => market.instrument(symbol), newId);
    this.streams = this.#makeStreams(limits);
    const { account, faults } = this;
    const say = (update: OrderUpdate) => this.streams.orders.update(this.#updateJson(update));
    this.desk = new OrderDesk({ clock, market, account, faults, seed, newId, options: limits, say });
    this.#bells = new SessionBells(clock, [this.desk, new OptionSettlement(account, market)]);
    this.#door = new FrontDoor({
      clock,
      app: this.#routes(speed, idFor(`account ${this.#keys.keyId} ${seed}`)),
      faults,
      callsPerMinute: limits.callsPerMinute,
      mayEnter: (key, secret) => this.#mayEnter(key, secret),
      isOut: () => this.state.out,
      onRequest: options.onRequest,
    });
  }

  async listen(port: number, host = '127.0.0.1'): Promise<{ readonly url: string; close(): Promise<void> }> {
    const server = await new Promise<Server>((resolve, reject) => {
      const made = serve({ fetch: this.#door.fetch as never, port, hostname: host }, () =>
        resolve(made as Server),
      ) as Server;
      made.once('error', reject);
    });
    const sockets = this.#acceptSockets(server);
    this.market.start();
    this.#bells.start();
    for (const fault of this.#armed) this.faults.add(fault);
    const close = async () => {
      this.faults.clear();
      this.#bells.stop();
      this.desk.stop();
      this.market.stop();
      for (const socket of this.#sockets()) socket.terminate();
      sockets.close();
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      });
    };
    return { url: `http://${host}:${(server.address() as AddressInfo).port}`, close };
  }

  get counters(): VenueCounters {
    const accepted = new Map<string, number>();
    for (const { clientOrderId } of this.desk.orders) {
      accepted.set(clientOrderId, (accepted.get(clientOrderId) ?? 0) + 1);
    }
    return {
      accepted,
      liveOrders: this.desk.open.map(({ clientOrderId }) => clientOrderId),
      ...this.#frames,
      requestsOpen: this.#door.open,
      requestsServed: this.#door.served,
      sockets: this.#sockets().map(({ framesSent, path }) => ({ path, framesSent })),
      faults: this.faults.happened,
    };
  }

  /** Arms one more fault: `nth` and `atMs` count from now. */
  inject(fault: FaultInput): void {
    this.faults.add(fault);
  }

  #sockets(): StreamSocket[] {
    return Object.values(this.streams).flatMap((stream) => stream.sockets);
  }

  #mayEnter(key: unknown, secret: unknown): boolean {
    const { keyId, secret: right } = this.#keys;
    return !this.state.keysRevoked && key === keyId && secret === right;
  }

  #routes(speed: number, accountId: string): Hono {
    const skewUs = () => this.state.skewUs;
    const { account, corporateActions, desk, market } = this;
    const app = new Hono();
    app.onError((error, c) => {
      if (error instanceof Refusal) return c.json(error.body, error.status);
      return c.json({ code: 50010000, message: `simulator defect: ${error.message}` }, 500);
    });
    app.notFound((c) => c.json({ code: 40410000, message: 'endpoint not found.' }, 404));
    app.route('/', tradingRoutes({ account, accountId, desk, market, speed, skewUs }));
    app.route('/', dataRoutes({ corporateActions, market, skewUs }));
    return app;
  }

  #makeStreams(limits: VenueLimits): FaultyVenue['streams'] {
    const { authMs, optionSymbols, stockSymbols } = limits;
    const guard = (name: StreamName): StreamGuard => ({
      mayEnter: (key, secret) => this.#mayEnter(key, secret),
      isTaken: () => this.faults.connection(name),
      skewUs: () => this.state.skewUs,
    });
    const stream = (name: StreamName, options: Omit<DataStreamOptions, 'authMs'>) =>
      new DataStream({ ...options, authMs }, this.clock, this.market, guard(name));
    return {
      stocks: stream('stocks', {
        assetClass: 'us_equity',
        channels: SHARE_CHANNELS,
        symbolsMax: stockSymbols,
      }),
      options: stream('options', {
        assetClass: 'us_option',
        channels: ['trades', 'quotes'],
        symbolsMax: optionSymbols,
      }),
      crypto: stream('crypto', {
        assetClass: 'crypto',
        channels: ['trades', 'quotes', 'bars', 'updatedBars', 'dailyBars'],
        symbolsMax: Number.POSITIVE_INFINITY,
      }),
      orders: new OrderStream(this.clock, guard('orders'), this.faults, authMs),
    };
  }

  #acceptSockets(server: Server): WebSocketServer {
    const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    server.on('upgrade', (request, wire, head) => {
      const path = (request.url ?? '').split('?')[0];
      const name = PATHS[path];
      if (name === undefined || this.state.out) {
        wire.destroy();
        return;
      }
      sockets.handleUpgrade(request, wire, head, (ws) => {
        const socket = new StreamSocket(ws, wire, path, this.#frames);
        const msgpack = request.headers['content-type'] === 'application/msgpack';
        if (name === 'orders') this.streams.orders.accept(socket);
        else this.streams[name].accept(socket, msgpack);
      });
    });
    return sockets;
  }

  #updateJson({ at, event, execution, order }: OrderUpdate): Record<string, unknown> {
    const stamp = rfc3339(at + this.state.skewUs);
    const said = { at: stamp, event, timestamp: stamp, order: orderJson(order, this.state.skewUs) };
    if (execution === undefined) return said;
    return {
      ...said,
      execution_id: execution.id,
      ...(execution.previousId === undefined ? {} : { previous_execution_id: execution.previousId }),
      price: decimal(execution.px),
      qty: decimal(execution.qty),
      position_qty: decimal(this.account.qtyOf(order.instrument.symbol)),
      leaves_qty: decimal(leavesOf(order)),
    };
  }
}
