/**
 * Protects the whole portfolio by puts on the benchmark while its structure is broken. The machine keeps the protocol's
 * life, sizing its numbers; this host brings the facts together, trades, and takes out of tactical shares what no hedge covers.
 */
import type { Kernel } from '../../bus/kernel.ts';
import { type Config, configFor, type RunSpec } from '../../domain/config.ts';
import { sessionOfDayOrDefault, tradingDayAt } from '../../domain/exchange-calendar.ts';
import { ExitTriggered } from '../../events/decision.events.ts';
import { OperatorCommanded } from '../../events/engine.events.ts';
import { HedgeSized, HedgeStateChanged, OptionSettled } from '../../events/option.events.ts';
import { type DecisionTest, type IntentDeferred, OrderFilled } from '../../events/order.events.ts';
import type { Bar } from '../../streams/bar.ts';
import { DayDecided, MarksMoved } from '../../streams/market-data.ts';
import { basisOf } from '../basis.ts';
import { atMost, firstFailing, needs } from '../decision-tests.ts';
import type { ConfluenceMatrix } from '../intel/confluence-matrix.ts';
import { MachineHost } from '../machine-host.ts';
import type { Regimes } from '../market/regimes.ts';
import { oncePerRules } from '../once-per-rules.ts';
import type { OrderBook } from '../orders/order-book.ts';
import type { ReleaseDesk } from '../orders/release-desk.ts';
import { isDueToRoll } from './hedge-limits.ts';
import { type HedgeSizing, type HedgeSources, putsToTrim, sharesToSell, sizeHedge } from './hedge-sizing.ts';
import { type HedgeEvent, type HedgeFacts, hedgingProtocolMachine } from './hedging-protocol.machine.ts';

const ACTOR = 'hedging-protocol';
const machineOf = oncePerRules(hedgingProtocolMachine);

interface Parts extends HedgeSources {
  readonly run: Pick<RunSpec, 'tradeFrom'>;
  readonly orders: OrderBook;
  readonly regimes: Regimes;
  readonly matrix: ConfluenceMatrix;
  readonly desk: ReleaseDesk;
}

interface HeldPut {
  readonly contract: string;
  readonly quantity: number;
  /** Its last days have come: it is rolled. */
  readonly isDue: boolean;
  readonly bidPx: number;
}

type HedgeState = Parameters<typeof HedgeStateChanged.of>[0]['to'];
type Purpose = Parameters<typeof HedgeSized.of>[0]['purpose'];
type Order = Pick<IntentDeferred, 'action' | 'symbol' | 'side' | 'reason'> & {
  readonly quantity: number;
  readonly role?: IntentDeferred['role'];
};

interface Saved {
  readonly machine: unknown;
  readonly refusal: string;
  readonly sized: HedgeSizing | null;
}

export class HedgingProtocol {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  readonly #rules: Config['hedge'];
  readonly #host: MachineHost<ReturnType<typeof hedgingProtocolMachine>>;
  /** The test that stood in the way at the last sizing: said once, not at every close. */
  #refusal = '';
  #sized: HedgeSizing | null = null;

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    this.#rules = configFor(parts.config, parts.benchmark).hedge;
    this.#host = new MachineHost(kernel, ACTOR, machineOf(this.#rules), undefined);
    kernel.on(OrderFilled, ACTOR, ({ payload }) => {
      if (parts.orders.get(payload.ordinal)?.intended.role === 'hedge') this.#settle();
    });
    kernel.on(OptionSettled, ACTOR, () => this.#settle());
    kernel.on(OperatorCommanded, ACTOR, ({ payload: { command, symbol } }) => {
      if (command === 'flatten' && (symbol === null || symbol === parts.benchmark)) this.#flatten();
    });
    kernel.onNotice(DayDecided, ACTOR, ({ payload }) => {
      if (payload.calendar === parts.market.calendarOf(parts.benchmark)) this.#close();
    });
    kernel.onNotice(MarksMoved, ACTOR, ({ payload }) => {
      if (payload.symbol === parts.benchmark) this.#watch(payload);
    });
    kernel.carry(ACTOR, {
      save: (): Saved => ({ machine: this.#host.save(), refusal: this.#refusal, sized: this.#sized }),
      restore: (state) => {
        const { machine, refusal, sized } = state as Saved;
        this.#host.restore(machine);
        this.#refusal = refusal;
        this.#sized = sized;
      },
    });
  }

  /** Where the protocol stands, and the newest sizing, published or not. */
  view(): { state: HedgeState; sized: HedgeSizing | null } {
    return { state: this.#state, sized: this.#sized };
  }

  get #state(): HedgeState {
    return this.#host.snapshot.value as HedgeState;
  }

  get #today(): string {
    const { market, benchmark } = this.#parts;
    return tradingDayAt(market.calendarOf(benchmark), this.#kernel.now);
  }

  #close(): void {
    const { market, benchmark, run } = this.#parts;
    const day = market.lastDay(benchmark);
    if (day === null || (run.tradeFrom !== null && day.time < run.tradeFrom)) return;
    const facts = this.#facts();
    this.#send({ type: 'CLOSE', ...facts }, day.seq);
    const state = this.#state;
    // Armed with a broken structure, there is nothing to hedge with: what is unhedged is said and sold all the same.
    if (state === 'entering' || (state === 'armed' && facts.structure === 'broken'))
      this.#cover('enter', day.seq);
    if (state === 'rolling') this.#roll(day.seq);
    if (state === 'hedged') this.#trim(day.seq);
    if (state === 'unwinding') this.#sell(this.#puts(), 'unwind', day.seq);
    this.#closeShares(day.seq);
  }

  #facts(): HedgeFacts {
    const { regimes, options, benchmark } = this.#parts;
    const puts = this.#puts();
    const { structure } = regimes.of(benchmark).states;
    return {
      // Something held is in a death spiral: the protocol stands ready as it does for support in danger.
      structure: structure === 'intact' && this.#spiraling().length > 0 ? 'threatened' : structure,
      hasChain: options.covers(benchmark) !== 'none',
      holdsHedge: puts.length > 0,
      isExpiring: puts.some(({ isDue }) => isDue),
    };
  }

  /** Shares held whose day the matrix calls a death spiral. */
  #spiraling(): string[] {
    const { portfolio, matrix } = this.#parts;
    const held = portfolio.positions().filter(({ role, quantity }) => role !== 'hedge' && quantity > 0);
    const symbols = new Set(held.map(({ symbol }) => symbol));
    return [...symbols].filter((symbol) => matrix.of(symbol)?.scenario === 'deathSpiral').sort();
  }

  /** Puts held, by symbol. One in its last days that nobody bids for is left to expire: it hedges nothing. */
  #puts(): HeldPut[] {
    const { portfolio, options } = this.#parts;
    return portfolio.positions().flatMap(({ symbol, role, quantity }) => {
      const contract = role === 'hedge' ? options.contract(symbol) : undefined;
      if (contract === undefined) return [];
      const isDue = isDueToRoll(contract, this.#today, this.#rules);
      const bidPx = options.quote(symbol)?.bidPx ?? 0;
      return isDue && bidPx === 0 ? [] : [{ contract: symbol, quantity, isDue, bidPx }];
    });
  }

  /** What a fill or a settlement left. */
  #settle(): void {
    const puts = this.#puts();
    const covers = puts.length > 0 && !puts.some(({ isDue }) => isDue);
    if (covers) this.#send({ type: 'COVERED' });
    if (puts.length === 0) this.#send({ type: 'BARE' });
  }

  /** Sizes a hedge and orders it; what caps or liquidity leave unhedged comes out of the tactical shares, once. */
  #cover(purpose: 'enter' | 'roll', causation: number, now = false): void {
    const { exposures, orders, regimes, benchmark } = this.#parts;
    for (const { intended } of orders.working()) if (intended.action === 'hedge') return; // its report is still on the way
    const stays = this.#puts().filter(({ isDue }) => !isDue);
    const kept = stays.map((put) => 0 - exposures.ofQuantity(put.contract, put.quantity).betaWeighted);
    const sized = sizeHedge(this.#parts, {
      kept: kept.reduce((sum, each) => sum + each, 0),
      now: this.#kernel.now,
      volatility: regimes.of(benchmark).states.volatility,
    });
    this.#sized = sized;
    const { contract, quantity, unhedged } = sized;
    const refusal = quantity > 0 ? '' : (firstFailing(sized.tests)?.test ?? '');
    if (quantity === 0 && refusal === this.#refusal) return;
    this.#refusal = refusal;
    const seq = this.#publishSized(quantity > 0 ? purpose : 'none', sized, causation);
    if (quantity > 0) {
      this.#host.send({ type: 'ENTRY_ORDERED' });
      this.#order({ action: 'hedge', side: 'buy', symbol: contract!, quantity, reason: purpose }, seq, now);
    }
    if (unhedged > 0 && !this.#host.snapshot.context.reduced) this.#reduceEquity(unhedged, seq, now);
  }

  /** Sells what expires and buys what replaces it: exits are released before hedges. */
  #roll(causation: number): void {
    const due = this.#puts().filter(({ isDue }) => isDue);
    this.#sell(due, 'roll', causation);
    this.#cover('roll', causation);
  }

  /** Falling prices and sold shares leave more hedge than there is to hedge. */
  #trim(causation: number): void {
    for (const sale of putsToTrim(this.#parts, this.#puts())) {
      const seq = this.#publishSized('trim', sale, causation);
      this.#order(exitOf(sale.contract, 'sell', sale.quantity, 'trim'), seq);
    }
  }

  /** What nobody bids for waits for the next close. */
  #sell(puts: readonly HeldPut[], reason: string, causation: number): void {
    for (const { contract, quantity, bidPx } of puts) {
      if (bidPx > 0 && !this.#parts.orders.hasWorking(contract))
        this.#order(exitOf(contract, 'sell', quantity, reason), causation);
    }
  }

  /** Exercise turned a hedge into shares: they go at the next open. */
  #closeShares(causation: number): void {
    const { portfolio, options, orders } = this.#parts;
    for (const { symbol, role, quantity } of portfolio.positions()) {
      if (role !== 'hedge' || options.contract(symbol) !== undefined || orders.hasWorking(symbol)) continue;
      const side = quantity > 0 ? 'sell' : 'buy';
      this.#order(exitOf(symbol, side, Math.abs(quantity), 'exercised'), causation);
    }
  }

  #reduceEquity(unhedged: number, causation: number, now: boolean): void {
    for (const { symbol, quantity, held } of sharesToSell(this.#parts, unhedged)) {
      const tests = [atMost('unhedged', unhedged, 0), needs('sharesSold', quantity, held, true)];
      const exit = ExitTriggered.of({ plan: 'equity', reason: 'unhedged', symbol, tests });
      const seq = this.#kernel.publish(exit, { causation, basis: this.#basis() });
      this.#order({ ...exitOf(symbol, 'sell', quantity, 'unhedged'), role: 'tactical' }, seq, now);
    }
    this.#host.send({ type: 'EQUITY_REDUCED' });
  }

  #flatten(): void {
    this.#send({ type: 'FLATTENED' });
    if (this.#state === 'unwinding') this.#sell(this.#puts(), 'flatten', this.#kernel.cause);
  }

  /** A crash within the session does not wait for its close. */
  #watch(bar: Bar): void {
    const { market, benchmark, options, regimes, run } = this.#parts;
    if (this.#state !== 'idle' && this.#state !== 'armed') return;
    if (options.covers(benchmark) === 'none' || (run.tradeFrom !== null && bar.time < run.tradeFrom)) return;
    const fall = regimes.fallTest(benchmark, bar.close);
    if (fall === null || fall.pass) return;
    const session = sessionOfDayOrDefault(market.calendarOf(benchmark), this.#today);
    if (bar.time <= session.open || bar.time >= session.close) return;
    this.#send({ type: 'CRASHED' }, bar.seq, [fall]);
    this.#cover('enter', bar.seq, true);
  }

  /** Sends an event to the machine and publishes the move it leads to, with what it rests on. */
  #send(event: HedgeEvent, causation = this.#kernel.cause, measured: readonly DecisionTest[] = []): void {
    const { regimes, benchmark } = this.#parts;
    const from = this.#state;
    const { tries } = this.#host.snapshot.context;
    this.#host.send(event);
    const to = this.#state;
    if (from === to) return;
    this.#refusal = '';
    const { structure, volatility } = regimes.of(benchmark).states;
    const spirals = event.type === 'CLOSE' ? this.#spiraling() : [];
    const tests = [
      ...measured,
      ...spirals.map((symbol) => needs('deathSpiral', symbol, null, true)),
      needs('structure', structure, null, true),
      needs('volatility', volatility, null, true),
      ...(from === 'entering' && to === 'cooldown'
        ? [atMost('tries', tries, this.#rules.entryTries - 1)]
        : []),
    ];
    const flagged = to === 'armed' && structure === 'intact';
    const reason = flagged ? `a death spiral of ${spirals.join(', ')}` : reasonOf(from, to, event);
    const basis = basisOf([...this.#basis(), ...spirals.map((symbol) => this.#parts.matrix.of(symbol)!.seq)]);
    this.#kernel.publish(HedgeStateChanged.of({ from, reason, tests, to }), { causation, basis });
  }

  #publishSized(purpose: Purpose, sized: HedgeSizing, causation: number): number {
    return this.#kernel.publish(HedgeSized.of({ purpose, ...sized }), { causation, basis: this.#basis() });
  }

  #order(order: Order, causation: number, now = false): void {
    const { quantity, ...terms } = order;
    const intent = {
      role: 'hedge',
      ...terms,
      limitPx: null,
      orderType: 'limit',
      size: { kind: 'quantity', quantity },
      stopPx: null,
      timeInForce: 'day',
    } as const;
    const { desk } = this.#parts;
    const options = { causation, basis: this.#basis() };
    if (now) desk.request(intent, options);
    else desk.defer(intent, options);
  }

  /** The regimes of the benchmark that stand. */
  #basis(): number[] {
    const { structure, volatility } = this.#parts.regimes.of(this.#parts.benchmark).seqs;
    return basisOf([structure, volatility]);
  }
}

const exitOf = (symbol: string, side: 'buy' | 'sell', quantity: number, reason: string): Order => ({
  action: 'exit',
  quantity,
  reason,
  side,
  symbol,
});

/** In words, why the protocol moved. */
function reasonOf(from: HedgeState, to: HedgeState, event: HedgeEvent): string {
  if (event.type === 'CRASHED') return 'a crash within the session';
  if (event.type === 'FLATTENED') return 'everything is to be closed';
  const reasons: Record<HedgeState, string> = {
    idle: from === 'cooldown' ? 'enough closes without a hedge' : 'the structure is intact',
    armed: event.type === 'CLOSE' && !event.hasChain ? 'no options on the benchmark' : 'support is in danger',
    entering: from === 'rolling' ? 'the old hedge went, the new one was not filled' : 'support gave way',
    hedged: 'puts are held',
    rolling: 'the puts expire soon, the structure is broken',
    unwinding: 'the structure is not broken any more',
    cooldown: from === 'entering' ? 'the entry was tried often enough' : 'no hedge is left',
  };
  return reasons[to];
}
