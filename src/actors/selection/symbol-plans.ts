/**
 * The equity plan and the option plan of one symbol: what fills, quotes, settlements and splits make of them, and the
 * orders by which they enter, protect and leave.
 */
import type { Kernel } from '../../bus/kernel.ts';
import type { RunSpec } from '../../domain/config.ts';
import { renamedBySplit } from '../../domain/options/adjustment.ts';
import { isTerminal } from '../../domain/order-status.ts';
import { ExitTriggered } from '../../events/decision.events.ts';
import type { OptionSettled, SplitApplied } from '../../events/option.events.ts';
import type { DecisionTest, IntentDeferred, OrderSize } from '../../events/order.events.ts';
import { needs } from '../decision-tests.ts';
import type { MachineHost } from '../machine-host.ts';
import type { Order, OrderBook } from '../orders/order-book.ts';
import type { ReleaseDesk } from '../orders/release-desk.ts';
import type { FactFinder, FactSources } from './fact-finder.ts';
import type {
  instrumentSelectorMachine,
  PlanDirection,
  PlanName,
  SelectorView,
} from './instrument-selector.machine.ts';
import { planNames } from './instrument-selector.machine.ts';
import type { RestingStops } from './resting-stops.ts';
import { type ExitReason, exitTests, lossTest, type Selection, stopTest } from './selection-rules.ts';

const ACTOR = 'instrument-selector';

export type SelectorMachine = MachineHost<ReturnType<typeof instrumentSelectorMachine>>;

export interface PlanParts extends FactSources {
  readonly run: Pick<RunSpec, 'exits' | 'sizing' | 'tradeFrom' | 'instruments'>;
  readonly orders: OrderBook;
  readonly desk: ReleaseDesk;
  readonly stops: RestingStops;
}

interface Cause {
  readonly causation: number;
  /** Now where the market is open, instead of at the next open. */
  readonly atOnce?: boolean;
}

type Terms = Pick<IntentDeferred, 'symbol' | 'action' | 'side' | 'size' | 'reason'> & { stopPx?: number };

/** Exits of a plan even where a run turns its own exits off: the strategy's word, and the end that every option has. */
const ALWAYS: readonly ExitReason[] = ['conviction', 'expiry'];
/** Exits that rest on the whole day; the others protect what is held. */
const OF_WHOLE_DAYS: readonly ExitReason[] = ['conviction', 'regime'];

export class SymbolPlans {
  readonly #kernel: Kernel;
  readonly #parts: PlanParts;
  readonly #facts: FactFinder;
  readonly #symbol: string;
  readonly #machine: SelectorMachine;
  /** seqs of the decisions that stand behind a plan's orders. */
  readonly #basis: (direction: PlanDirection) => number[];

  constructor(
    kernel: Kernel,
    parts: PlanParts,
    of: {
      readonly symbol: string;
      readonly machine: SelectorMachine;
      readonly facts: FactFinder;
      readonly basis: (direction: PlanDirection) => number[];
    },
  ) {
    this.#kernel = kernel;
    this.#parts = parts;
    this.#facts = of.facts;
    this.#symbol = of.symbol;
    this.#machine = of.machine;
    this.#basis = of.basis;
  }

  get view(): SelectorView {
    const { value, context } = this.#machine.snapshot;
    return { state: value as SelectorView['state'], plans: context };
  }

  restore(saved: unknown): void {
    this.#machine.restore(saved);
    for (const plan of planNames) this.#watchQuotes(plan, true);
  }

  /** The plan that trades an instrument, or null. */
  trading(instrument: string): PlanName | null {
    if (instrument === this.#symbol) return 'equity';
    return instrument === this.view.plans.option.instrument ? 'option' : null;
  }

  // --- at a close -------------------------------------------------------------------------------------------------

  /** A day order that ended without the fill it was sent for puts the plan back; a position that is gone ends it. */
  settleOrders(): void {
    const { state, plans } = this.view;
    for (const plan of planNames) {
      const { instrument } = plans[plan];
      if (instrument === null) continue;
      const held = this.#parts.portfolio.quantity(instrument);
      // A stop that rests beside what it protects decides nothing; of any other order the report is still on its way.
      const reports = ({ action }: Order['intended']) => held === 0 || action !== 'protect';
      if (this.#parts.orders.hasWorking(instrument, reports)) continue;
      if (state[plan] === 'entering' && held === 0) this.#machine.send({ type: `${plan}.NOT_FILLED` });
      else if (held === 0) this.#end(plan);
      else if (state[plan] === 'exiting') this.#machine.send({ type: `${plan}.EXIT_INCOMPLETE` });
    }
  }

  rearm(armed: Readonly<Record<PlanName, boolean>>): void {
    const { state } = this.view;
    for (const plan of planNames) {
      if (state[plan] === 'disarmed' && armed[plan]) this.#machine.send({ type: `${plan}.REARMED` });
    }
  }

  /** `units`: of shares, as the plan risks them; `partial`: part of the day was not heard. */
  act(selection: Selection, units: number | null, partial: boolean): void {
    const { state } = this.view;
    if (state.equity === 'holding') this.#holdShares(partial);
    else if (state.equity === 'idle' && selection.choice === 'equity') {
      this.#enter('equity', this.#symbol, selection, this.#sharesOf(units!));
    }
    if (state.option === 'holding') this.#holdOption(partial);
    else if (state.option === 'idle' && selection.choice === 'option') {
      const size = { kind: 'quantity', quantity: selection.contracts } as const;
      this.#enter('option', selection.contract!, selection, size);
    }
  }

  #enter(
    plan: PlanName,
    instrument: string,
    { direction, supportedBy, reason }: Selection,
    size: OrderSize,
  ): void {
    this.#machine.send({ type: `${plan}.ENTRY_DECIDED`, instrument, direction, supportedBy });
    const terms = { symbol: instrument, action: 'enter', side: 'buy', size, reason } as const;
    this.#send(terms, direction, this.#close);
  }

  #sharesOf(units: number): OrderSize {
    const { sizing } = this.#parts.run;
    if (sizing.kind === 'fixed') return { kind: 'quantity', quantity: sizing.quantity };
    if (sizing.kind === 'percent') return { fraction: sizing.percent / 100, kind: 'fraction' };
    return { kind: 'quantity', quantity: units };
  }

  /** A share's stop is raised at a close. Where it rests at the venue, it protects from the next open. */
  #holdShares(partial: boolean): void {
    const before = this.view.plans.equity.stopPx;
    if (this.#leaves('equity', partial) || !this.#parts.run.exits) return;
    this.#trail('equity');
    const stands = this.view.plans.equity.stopPx === before && this.#parts.orders.hasWorking(this.#symbol);
    if (!stands) this.#protect(this.#close);
  }

  #protect(cause: Cause): void {
    const { stopPx, direction } = this.view.plans.equity;
    if (stopPx === null || this.#watches('equity')) return;
    const symbol = this.#symbol;
    const size = this.#held(symbol);
    const reason = 'protectiveStop';
    this.#send({ symbol, action: 'protect', side: 'sell', size, reason, stopPx }, direction, cause);
  }

  /** Nobody at the venue watches an option for us: its stop is on the underlying, and judged at closes. */
  #holdOption(partial: boolean): void {
    this.#trail('option');
    // A modelled chain quotes at every close; a recorded one tells of each quote as it comes.
    if (this.#facts.chain(this.#symbol) === 'modelled') this.#judgeQuote('option');
    this.#leaves('option', partial);
  }

  /** True where one of the plan's own rules asks for the exit; what part of a day says of its market can wait. */
  #leaves(plan: PlanName, partial: boolean): boolean {
    const facts = this.#facts.exit(this.#symbol, this.view.plans[plan], this.#kernel.now);
    const { reasons, tests } = exitTests(facts, this.#facts.rules(this.#symbol).selector);
    const reason = reasons.find(
      (each) =>
        (this.#parts.run.exits || ALWAYS.includes(each)) && !(partial && OF_WHOLE_DAYS.includes(each)),
    );
    if (reason !== undefined) this.#exit(plan, reason, tests, this.#close);
    return reason !== undefined;
  }

  #trail(plan: PlanName): void {
    const distance = this.#facts.stopDistance(this.#symbol);
    const close = this.#parts.market.history(this.#symbol).close.ago(0);
    if (distance !== null) this.#machine.send({ type: `${plan}.CLOSE`, close, distance });
  }

  // --- between closes -----------------------------------------------------------------------------------------------

  onFill(plan: PlanName, { intended, state: { status } }: Order, px: number): void {
    const { symbol, action, stopPx } = intended;
    const held = this.#parts.portfolio.quantity(symbol);
    if (this.view.state[plan] === 'entering' && action === 'enter') {
      this.#machine.send({ type: `${plan}.ENTERED` });
      this.#watchQuotes(plan, true);
    }
    if (!isTerminal(status)) return;
    // Shares that went for want of a hedge took the stop with them: it rests again for those that stay.
    if (held > 0 && action === 'exit' && plan === 'equity' && this.view.state.equity === 'holding') {
      if (!this.#parts.desk.holds('protect', symbol))
        this.#protect({ causation: this.#kernel.cause, atOnce: true });
    }
    if (held !== 0) return;
    if (action === 'protect') {
      const tests = [needs('protectiveStop', px, stopPx, false)];
      this.#kernel.publish(ExitTriggered.of({ plan, reason: 'protectiveStop', symbol: this.#symbol, tests }));
    }
    this.#end(plan);
  }

  /**
   * Shares of a live session are never long without their stop, at the venue or watched by the engine: asked with every tick
   * of the clock and every end of an order. Until the first close the mean price paid stands for the best close.
   */
  keepProtected(): void {
    const { portfolio, run, stops } = this.#parts;
    if (!stops.apply || !run.exits || this.view.state.equity !== 'holding') return;
    const symbol = this.#symbol;
    const held = portfolio.quantity(symbol);
    if (held <= 0 || !stops.isIdle(symbol)) return;
    if (this.view.plans.equity.stopPx === null) this.#firstStop(portfolio.avgPx(symbol));
    const { stopPx } = this.view.plans.equity;
    if (stopPx === null || this.#watches('equity') || !stops.isMissing(symbol, held, stopPx)) return;
    stops.asked(symbol);
    this.#parts.desk.withdraw('protect', symbol, 'its stop rests without waiting for the open');
    this.#protect({ causation: this.#kernel.cause, atOnce: true });
  }

  #firstStop(close: number): void {
    const distance = this.#facts.stopDistance(this.#symbol);
    if (distance !== null) this.#machine.send({ type: 'equity.CLOSE', close, distance });
  }

  /** Half of the premium gone, or a stop that nobody else watches crossed, on fresh quotes in a row ends a plan within the day. */
  onQuoted(plan: PlanName): void {
    if (this.view.state[plan] !== 'holding' || !this.#watches(plan)) return;
    this.#judgeQuote(plan);
    const { lossQuotes } = this.view.plans[plan];
    const { premiumLossQuotes } = this.#facts.rules(this.#symbol).selector.option;
    const test = plan === 'option' ? lossTest(lossQuotes, premiumLossQuotes) : stopTest(lossQuotes);
    if (test.pass || !this.#parts.run.exits) return;
    const reason = plan === 'option' ? 'premiumLoss' : 'protectiveStop';
    this.#exit(plan, reason, [test], { causation: this.#kernel.cause, atOnce: true });
  }

  /** What the clearing house ended is no plan any more; shares that came or went by exercise are squared at the open. */
  onSettled({ symbol: contract, underlying, shares }: OptionSettled): void {
    if (this.#parts.portfolio.quantity(contract) !== 0) return;
    this.#end('option');
    if (shares === 0) return;
    const side = shares > 0 ? 'sell' : 'buy';
    const size = { kind: 'quantity', quantity: Math.abs(shares) } as const;
    const terms = { symbol: underlying, action: 'exit', side, size, reason: 'exercise' } as const;
    this.#send(terms, 'long', { causation: this.#kernel.cause });
  }

  /** Entries that wait are for units that are no more: the next close decides anew. */
  onSplit(split: SplitApplied): void {
    const { desk, options } = this.#parts;
    const { equity, option } = this.view.plans;
    for (const { instrument } of [equity, option]) {
      if (instrument !== null) desk.withdraw('enter', instrument, 'a split changed what it is for');
    }
    const renamed = renamedBySplit(split, (symbol) => options.contract(symbol));
    const contract = option.instrument === null ? null : renamed(option.instrument)!.symbol;
    this.#watchQuotes('option', false);
    this.#machine.send({ type: 'SPLIT', factor: split.denominator / split.numerator, contract });
    this.#watchQuotes('option', true);
  }

  /** Closes the plans that trade `only`, or both. */
  flatten(only: string | null, by: string): void {
    const { state, plans } = this.view;
    const reason = by === 'finalize' ? 'finalize' : 'operator';
    for (const plan of planNames) {
      const concerned = only === null || only === this.#symbol || only === plans[plan].instrument;
      if (concerned && state[plan] === 'holding') {
        this.#exit(plan, reason, [], { causation: this.#kernel.cause, atOnce: reason === 'operator' });
      }
    }
  }

  #judgeQuote(plan: PlanName): void {
    const { equity, option } = this.view.plans;
    const lost =
      plan === 'option'
        ? this.#facts.premiumLost(this.#symbol, option.instrument!)
        : this.#facts.stopCrossed(this.#symbol, equity, this.#kernel.now);
    if (lost !== null) this.#machine.send({ type: `${plan}.QUOTED`, lost });
  }

  #end(plan: PlanName): void {
    this.#watchQuotes(plan, false);
    this.#machine.send({ type: `${plan}.CLOSED`, at: this.#kernel.now });
  }

  /** Whether a plan looks after its exits within the day, since nothing at the venue does. */
  #watches(plan: PlanName): boolean {
    return plan === 'option' || !this.#facts.restsStops(this.#symbol);
  }

  /** `Quoted` is told of what such a plan holds. */
  #watchQuotes(plan: PlanName, watches: boolean): void {
    const { state, plans } = this.view;
    const { instrument } = plans[plan];
    if (instrument !== null && state[plan] !== 'entering' && this.#watches(plan)) {
      this.#parts.market.watch(`${ACTOR}-${this.#symbol}`, instrument, watches);
    }
  }

  // --- orders -------------------------------------------------------------------------------------------------------

  get #close(): Cause {
    return { causation: this.#parts.market.lastDay(this.#symbol)!.seq };
  }

  #held(instrument: string): OrderSize {
    return { kind: 'quantity', quantity: this.#parts.portfolio.quantity(instrument) };
  }

  #exit(plan: PlanName, reason: ExitReason, tests: DecisionTest[], { causation, atOnce }: Cause): void {
    const { direction, instrument } = this.view.plans[plan];
    const triggered = ExitTriggered.of({ plan, reason, symbol: this.#symbol, tests });
    const seq = this.#kernel.publish(triggered, { causation, basis: this.#basis(direction) });
    this.#machine.send({ type: `${plan}.EXIT_DECIDED` });
    const terms = {
      symbol: instrument!,
      action: 'exit',
      side: 'sell',
      size: this.#held(instrument!),
      reason,
    } as const;
    this.#send(terms, direction, { causation: seq, atOnce });
  }

  #send(terms: Terms, direction: PlanDirection, { causation, atOnce }: Cause): void {
    const stopPx = terms.stopPx ?? null;
    const intent = {
      ...terms,
      // What the price will be is the release's business; a stop's is the plan's.
      limitPx: null,
      orderType: stopPx === null ? 'limit' : 'stop',
      role: 'tactical',
      stopPx,
      timeInForce: stopPx === null ? 'day' : 'gtc',
    } as const;
    const origin = { causation, basis: this.#basis(direction) };
    const { desk } = this.#parts;
    if (atOnce === true) desk.request(intent, origin);
    else desk.defer(intent, origin);
  }
}
