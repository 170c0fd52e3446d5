/**
 * A live session under faults, drawn from a seed: first everything that can go wrong, then nothing more, and the engine has
 * to come back by itself. What is checked is in `campaign-checks`.
 *
 * A seed gives the same market, faults and moments each time. Not the same to the last event: requests cross real sockets,
 * and which of two that are on their way at one moment arrives first is the system's.
 */
import type { TradingRegions } from '../../src/actors/orders/trading-state.machine.ts';
import { isWorking } from '../../src/domain/order-status.ts';
import { createRandom, deriveSeed } from '../../src/domain/random.ts';
import { VenueError } from '../../src/domain/venue-error.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import type { FeedName } from '../../src/events/feed.events.ts';
import { SubmitAttempted } from '../../src/events/order.events.ts';
import { openLogReader } from '../../src/log/log-reader.ts';
import { drawFaults, type FaultInput } from '../../src/simulators/alpaca/faults.ts';
import { LogChecks, ofSecrets, ofVenueOrders, type Violation } from './campaign-checks.ts';
import { SCENES, type Scene, SHARES_OPEN, sceneOf } from './campaign-scenes.ts';
import { Rig, type RigTaps } from './rig.ts';

export interface CampaignSession {
  readonly seed: number;
  readonly scene: Scene;
  readonly violations: readonly Violation[];
  /** Events of all logs by type, and what happened beside them. */
  readonly counts: Readonly<Record<string, number>>;
  /** Faults that happened, by kind. */
  readonly faults: Readonly<Record<string, number>>;
}

const SECOND_US = 1_000_000;
const DAY_US = 86_400 * SECOND_US;
/** In which a venue without faults has answered for everything. */
const SETTLED_MS = 240_000;
const WORKING: ReadonlySet<string> = new Set([
  'accepted',
  'pending_new',
  'new',
  'partially_filled',
  'pending_cancel',
  'pending_replace',
]);
const KEYS = { keyId: 'PKCANARY7Q2ZKEYID', secret: 'cAnArY/secret+7f3b9d1e5a' };

export async function runSession(seed: number): Promise<CampaignSession> {
  const session = new Session(seed, sceneOf(seed));
  try {
    await session.run();
  } catch (error) {
    session.broken(
      'the session runs to its end',
      error instanceof Error ? (error.stack ?? '') : String(error),
    );
  }
  return session.finish();
}

export class Session {
  readonly rig: Rig;
  readonly #seed: number;
  readonly #scene: Scene;
  readonly #setup: (typeof SCENES)[Scene];
  readonly #random;
  readonly #violations: Violation[] = [];
  readonly #posts = new Map<string, number>();
  readonly #chains = new Set<string>();
  readonly #counts: Record<string, number> = { kills: 0, resets: 0 };
  readonly #said: string[] = [];
  readonly #onRejection = (reason: unknown) =>
    this.broken(
      'nothing is thrown into the void',
      reason instanceof Error ? (reason.stack ?? '') : String(reason),
    );

  constructor(seed: number, scene: Scene, taps: RigTaps = {}) {
    this.#seed = seed;
    this.#scene = scene;
    this.#setup = SCENES[scene];
    this.#random = createRandom(deriveSeed(seed, 5));
    const { startAt, strategy, run, symbols, market } = this.#setup;
    this.rig = new Rig({
      seed,
      startAt,
      strategy,
      run: run as never,
      symbols,
      market,
      venue: { ...KEYS, limits: { insideChance: 0.03 } },
      taps: {
        ...taps,
        sent: (method, path, body) => {
          if (method === 'POST' && path === '/v2/orders') this.#onPost(body);
          taps.sent?.(method, path, body);
        },
        performs: (effect) => {
          if (effect.type === SubmitAttempted.type)
            this.#mustBeDurable((effect.payload as SubmitAttempted).ordinal, 'is handed to its edge');
          taps.performs?.(effect);
        },
        event: (event) => {
          this.#onEvent(event);
          taps.event?.(event);
        },
      },
    });
    process.on('unhandledRejection', this.#onRejection);
  }

  broken(invariant: string, what: string): void {
    this.#violations.push({ invariant, what });
  }

  async run(): Promise<void> {
    await this.begin();
    await this.#whileFaultsHappen();
    await this.recover();
    if (this.#chance(0.4)) {
      // In the middle of things, where stops rest and entries walk.
      await this.#halt();
      await this.#reset();
    }
    await this.tradesAgain();
    await this.#restate();
    await this.rest();
  }

  async begin(): Promise<void> {
    const { rig } = this;
    await this.#start();
    const { closeMs } = this.#setup;
    if (closeMs === undefined) return;
    // The close decides, the next day's opening trades.
    await rig.advance(closeMs);
    await rig.stop();
    await rig.dozeTo(SHARES_OPEN - 6 * SECOND_US);
    await this.#start();
  }

  // --- first faults ------------------------------------------------------------------------------------------------

  async #whileFaultsHappen(): Promise<void> {
    const { rig } = this;
    const { feed, symbols, faultyMs: durationMs } = this.#setup;
    const names = symbols.map(({ symbol }) => symbol);
    const streams: FeedName[] = this.#scene === 'options' ? [feed, 'orders', 'options'] : [feed, 'orders'];
    const faults: FaultInput[] = drawFaults(this.#seed, {
      durationMs,
      streams,
      perClass: 1 + this.#below(3),
      symbols: names,
    });
    for (const fault of faults) rig.venue.inject(fault);
    const kills = this.#times(this.#chance(0.4) ? 1 + this.#below(2) : 0);
    const flattens = this.#times(this.#chance(0.3) ? 1 : 0);
    if (this.#chance(0.3)) {
      // Connected, and silent: whoever wants out has to wait.
      const [silentAt] = this.#times(1);
      rig.venue.inject({
        kind: 'freeze',
        atMs: 1 + silentAt,
        forMs: 8_000,
        stream: feed,
      });
      flattens.push(silentAt + 4_000);
    }
    const slowAt: number[] = [];
    if (this.#chance(0.3)) {
      // Heard again, and not compared yet.
      const [lostAt] = this.#times(1);
      rig.venue.inject({ kind: 'disconnect', atMs: 1 + lostAt, stream: 'orders' });
      slowAt.push(lostAt);
      flattens.push(lostAt + 2_500);
    }
    for (let passed = 0; passed < durationMs; passed += 250) {
      if (slowAt.includes(passed)) rig.venue.inject({ kind: 'slow', route: 'account', afterMs: 4_000 });
      if (flattens.includes(passed)) rig.engine.command('flatten', 'the campaign', null);
      if (kills.includes(passed)) {
        this.#counts.kills++;
        await rig.kill();
        await rig.advance(this.#below(4) * 500);
        await this.#start();
      }
      await rig.advance(250);
    }
  }

  /** Moments while faults happen, on the grid of the loop above. */
  #times(count: number): number[] {
    return Array.from({ length: count }, () => this.#below(this.#setup.faultyMs / 250) * 250);
  }

  // --- then none ---------------------------------------------------------------------------------------------------

  /** Everything finds its end by itself; a person lifts what only a person may. */
  async recover(): Promise<void> {
    const { rig } = this;
    rig.venue.faults.clear();
    if (!rig.runs) await this.#start();
    const { feed } = this.#setup;
    const isWell = () => {
      // What the venue held back for reasons of its own it lets go of.
      for (const { id, status } of [...rig.venue.desk.open])
        if (!WORKING.has(status)) rig.venue.desk.cancel(id);
      const { feeds, state } = rig.engine.health();
      return (
        state === 'trading' &&
        feeds[feed] === 'live' &&
        feeds.orders === 'live' &&
        this.#inDoubt().length === 0
      );
    };
    await this.#within('trading resumes by itself', SETTLED_MS, isWell, () => {
      const { feeds, state, why } = rig.engine.health();
      return `${state} ${why}, feeds ${JSON.stringify(feeds)}, in doubt ${JSON.stringify(this.#inDoubt())}`;
    });
    const { tradingState } = rig.engine.health();
    if (tradingState === 'trading') return;
    const halt = haltOf(rig.engine.session!.core.actors.tradingState.regions);
    if (halt !== null) this.broken('only rejections and the loss of a day halt', halt);
    await this.#reset();
  }

  async #reset(): Promise<void> {
    const { rig } = this;
    this.#counts.resets++;
    rig.engine.command('reset', 'the campaign', null);
    await this.#within(
      'a reset lifts a halt',
      SETTLED_MS,
      () => rig.engine.health().tradingState === 'trading',
      () => JSON.stringify(rig.engine.health()),
    );
  }

  /** An intent leads to an order that the venue takes. */
  async tradesAgain(): Promise<void> {
    const { rig } = this;
    if (this.#scene !== 'flips') {
      const held = rig.engine.health().positions > 0;
      if (held) return this.#sellsOut();
      if (this.#setup.closeMs !== undefined) return;
      await rig.stop();
      await rig.dozeTo(nextMidnight(rig.clock.now()) - 4 * SECOND_US);
      await this.#start();
    }
    const before = rig.venue.desk.orders.length;
    await this.#within(
      'the engine trades again',
      SETTLED_MS,
      () => rig.venue.desk.orders.length > before,
      () => JSON.stringify(rig.engine.health()),
    );
    await rig.advance(this.#below(8) * 250);
  }

  /** Told to once, and again each minute: an exit whose order was given up is not followed by itself. */
  async #sellsOut(): Promise<void> {
    const { rig } = this;
    const isFlat = () => rig.venue.account.positions.size === 0;
    for (let minutes = 0; minutes < 4 && !isFlat(); minutes++) {
      rig.engine.command('flatten', 'the campaign', null);
      for (let passed = 0; passed < 60_000 && !isFlat(); passed += 250) await rig.advance(250);
    }
    const held = [...rig.venue.account.positions.values()].map(({ qty }) => qty);
    if (held.length > 0) this.broken('the engine trades again', `still held: ${held}`);
  }

  /** The venue takes the last trade back, or corrects it. One that nobody heard of is for a person to settle. */
  async #restate(): Promise<void> {
    if (this.#chance(0.7)) return;
    this.rig.venue.inject({ kind: this.#chance(0.5) ? 'correctTrade' : 'bustTrade' });
    await this.rig.advance(500);
  }

  async #halt(): Promise<void> {
    const { rig } = this;
    rig.engine.command('halt', 'the campaign', null);
    await rig.advance(5_000);
    const open = rig.venue.desk.open.map(({ clientOrderId, status }) => `${clientOrderId} ${status}`);
    if (open.length > 0) this.broken('a halt leaves no working order after 5 s', open.join(', '));
  }

  /** The kill switch takes everything back; then both sides hold the same. */
  async rest(): Promise<void> {
    const { rig } = this;
    await this.#halt();
    await rig.advance(1_000);
    this.#agrees();
    this.#said.push(JSON.stringify(rig.engine.health()));
    await rig.stop();
  }

  // --- and what must be true ---------------------------------------------------------------------------------------

  async finish(): Promise<CampaignSession> {
    const { rig } = this;
    const checks = new LogChecks(() => this.#setup.feed);
    try {
      for (const log of rig.logs()) checks.read(log);
      this.#violations.push(...checks.violations);
      const { orders } = rig.venue.desk;
      this.#violations.push(...ofVenueOrders(orders, checks.orders, [...this.#chains], this.#posts));
      for (const each of await rig.replays())
        this.broken('replays identically', JSON.stringify(each).slice(0, 500));
      const said = [...rig.events.map(({ json }) => json), ...this.#said];
      this.#violations.push(...ofSecrets(Object.values(KEYS), rig.folder, said));
    } catch (error) {
      this.broken('logs can be read', error instanceof Error ? (error.stack ?? '') : String(error));
    } finally {
      await rig.close();
      process.off('unhandledRejection', this.#onRejection);
    }
    return {
      seed: this.#seed,
      scene: this.#scene,
      violations: this.#violations,
      counts: {
        ...Object.fromEntries(checks.counts),
        ...this.#counts,
        venueOrders: rig.venue.desk.orders.length,
      },
      faults: Object.fromEntries(rig.venue.counters.faults),
    };
  }

  #agrees(): void {
    const { rig } = this;
    const { portfolio } = rig.engine.session!.core.actors;
    const held = new Map<string, number>();
    // The venue writes contracts without blanks.
    for (const { symbol, quantity } of portfolio.positions()) {
      const name = symbol.replaceAll(' ', '');
      held.set(name, (held.get(name) ?? 0) + quantity);
    }
    const names = this.#setup.symbols.map(({ symbol }) => symbol);
    for (const symbol of new Set([...names, ...held.keys(), ...rig.venue.account.positions.keys()])) {
      const [ours, theirs] = [held.get(symbol) ?? 0, rig.venue.account.qtyOf(symbol)];
      if (Math.abs(ours - theirs) > 1e-6)
        this.broken('positions agree at rest', `${symbol}: ${ours} for us, ${theirs} at the venue`);
    }
    const [ours, theirs] = [portfolio.cashMicros, rig.venue.account.cashMicros];
    if (ours !== theirs)
      this.broken('cash agrees at rest', `${ours} micro-dollars for us, ${theirs} at the venue`);
  }

  /** A position or an order that only the look-up can tell. */
  #inDoubt(): readonly string[] {
    return this.rig.engine
      .session!.core.actors.orders.known()
      .filter(
        ({ status }) =>
          status === 'unknown' ||
          status === 'submitted' ||
          (isWorking(status) && status.startsWith('pending')),
      )
      .map(({ ordinal, status }) => `${ordinal} ${status}`);
  }

  async #start(): Promise<void> {
    const { rig } = this;
    for (let tries = 0; ; tries++) {
      try {
        await rig.start();
        break;
      } catch (error) {
        // Whoever starts an engine while the venue is out of reach starts it again.
        if (tries >= 20 || !(error instanceof VenueError)) throw error;
        await rig.abandon();
        await rig.advance(2_000);
      }
    }
    this.#chains.add(rig.engine.session!.name.chain);
  }

  #onPost(body: string): void {
    const { client_order_id: id } = JSON.parse(body) as { client_order_id: string };
    this.#posts.set(id, (this.#posts.get(id) ?? 0) + 1);
    this.#mustBeDurable(Number(id.slice(id.lastIndexOf('-') + 1)), 'goes out');
  }

  #mustBeDurable(ordinal: number, what: string): void {
    if (this.rig.logs().some((log) => holdsSubmit(log, ordinal))) return;
    this.broken(
      'durable before it is sent',
      `order ${ordinal} ${what}, and no log on the disk has its submit attempt`,
    );
  }

  #onEvent({ type, json }: StoredEvent): void {
    if (type === 'EngineHalted') this.broken('no defect halts the engine', json);
    if (type === 'Reconciled' && (json.includes('shortage') || json.includes('lostTail')))
      this.broken('no difference that only a person can settle', json);
  }

  async #within(invariant: string, ms: number, isSo: () => boolean, describe: () => string): Promise<void> {
    for (let left = ms; !isSo(); left -= 250) {
      if (left <= 0) {
        this.broken(invariant, `not within ${ms / 1_000} s: ${describe()}`);
        return;
      }
      await this.rig.advance(250);
    }
  }

  #below(n: number): number {
    return Math.floor(this.#random.nextUnit() * n);
  }

  #chance(share: number): boolean {
    return this.#random.nextUnit() < share;
  }
}

/** What holds trading back beside the reject breaker and the day's loss, both of which faults may bring about; null where nothing. */
export function haltOf({ loss: _, rejects: __, ...others }: TradingRegions): string | null {
  const held = Object.entries(others).filter(([, state]) => state !== 'trading');
  return held.length === 0 ? null : held.map(([region, state]) => `${region} ${state}`).join(', ');
}

const nextMidnight = (time: number): number => Math.ceil(time / DAY_US) * DAY_US;

function holdsSubmit(log: string, ordinal: number): boolean {
  const reader = openLogReader(log);
  try {
    for (const { payload } of reader.events({ type: SubmitAttempted.type })) {
      if ((payload as SubmitAttempted).ordinal === ordinal) return true;
    }
    return false;
  } finally {
    reader.close();
  }
}
