/**
 * Decides each symbol at its close: enter, hold and protect, or leave, with shares or with an option. The machine keeps
 * the plans' lives, the rules keep the tests, the fact finder the numbers; this host publishes what follows.
 */
import type { Kernel } from '../bus/kernel.ts';
import type { RunSpec } from '../domain/config.ts';
import { renamedBySplit } from '../domain/options/adjustment.ts';
import { isTerminal } from '../domain/order-status.ts';
import { ExitTriggered, SelectionMade } from '../events/decision.events.ts';
import { OperatorCommanded } from '../events/engine.events.ts';
import { OptionSettled, SplitApplied, VolatilityGuardChanged } from '../events/option.events.ts';
import { type DecisionTest, type IntentDeferred, OrderFilled } from '../events/order.events.ts';
import { DayDecided } from '../streams/market-data.ts';
import { needs } from './decision-tests.ts';
import { FactFinder, type FactSources } from './fact-finder.ts';
import {
  instrumentSelectorMachine,
  type PlanDirection,
  type PlanName,
  planNames,
  type SelectorView,
} from './instrument-selector.machine.ts';
import { MachineHost } from './machine-host.ts';
import type { OrderBook } from './order-book.ts';
import type { ReleaseDesk } from './release-desk.ts';
import { type ExitReason, exitTests, type Selection, select } from './selection-rules.ts';
import { guardTests } from './volatility-guard.ts';

const ACTOR = 'instrument-selector';

interface Parts extends FactSources {
  readonly run: Pick<RunSpec, 'exits' | 'sizing' | 'tradeFrom' | 'instruments'>;
  readonly symbols: readonly string[];
  readonly orders: OrderBook;
  readonly desk: ReleaseDesk;
}

interface SymbolState {
  readonly symbol: string;
  readonly machine: MachineHost<ReturnType<typeof instrumentSelectorMachine>>;
  /** The newest evaluation, published or not. */
  selection: Selection | null;
  /** What the published one rests on, and where it stands in the log. */
  published: { choice: string; deciding: string | null; contract: string | null; seq: number };
  /** seq of the `VolatilityGuardChanged` that stands; 0 where this log has none. */
  guardSeq: number;
}

interface Saved {
  readonly machine: unknown;
  readonly choice: string;
  readonly deciding: string | null;
  readonly contract: string | null;
}

type Terms = Pick<IntentDeferred, 'symbol' | 'action' | 'side' | 'size' | 'reason'> & { stopPx?: number };

export class InstrumentSelector {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  readonly #facts: FactFinder;
  readonly #states = new Map<string, SymbolState>();

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    this.#facts = new FactFinder(parts);
    for (const symbol of [...parts.symbols].sort()) this.#host(symbol);
    kernel.on(OrderFilled, ACTOR, ({ payload }) =>
      this.#onFill(payload.symbol, payload.ordinal, payload.lastPx),
    );
    kernel.on(OptionSettled, ACTOR, ({ payload }) => this.#onSettled(payload));
    kernel.on(SplitApplied, ACTOR, ({ payload }) => this.#onSplit(payload));
    kernel.on(OperatorCommanded, ACTOR, ({ payload }) => {
      if (payload.command === 'flatten') this.#flatten(payload.symbol, payload.by);
    });
    kernel.onNotice(DayDecided, ACTOR, ({ payload }) => {
      for (const state of this.#states.values()) {
        if (parts.market.calendarOf(state.symbol) === payload.calendar) this.#decide(state);
      }
    });
  }

  /** Where a symbol's guard and plans stand, and why nothing (or what) was chosen at the last close. */
  view(symbol: string): SelectorView & { readonly selection: Selection | null } {
    const { machine, selection } = this.#states.get(symbol)!;
    return { ...viewOf(machine), selection };
  }

  #host(symbol: string): void {
    const id = `selector-${symbol}`;
    const diagram = instrumentSelectorMachine(this.#facts.rules(symbol).guard);
    const machine = new MachineHost(this.#kernel, id, diagram, undefined);
    const published = { choice: '', deciding: null, contract: null, seq: 0 };
    const state: SymbolState = { symbol, machine, selection: null, published, guardSeq: 0 };
    this.#states.set(symbol, state);
    this.#kernel.carry(id, {
      save: (): Saved => {
        const { choice, deciding, contract } = state.published;
        return { machine: machine.save(), choice, deciding, contract };
      },
      restore: (json) => {
        const { machine: saved, ...published } = json as Saved;
        machine.restore(saved);
        state.published = { ...published, seq: 0 };
      },
    });
  }

  // --- at a close -------------------------------------------------------------------------------------------------

  #decide(state: SymbolState): void {
    const { symbol, machine } = state;
    const day = this.#parts.market.lastDay(symbol);
    if (day === null) return;
    this.#judgeVolatility(state);
    const { tradeFrom } = this.#parts.run;
    if (tradeFrom !== null && day.time < tradeFrom) return;
    for (const plan of planNames) this.#settleOrders(state, plan);
    const facts = this.#facts.selection(symbol, viewOf(machine), this.#kernel.now);
    const armed = { equity: facts.armed, option: facts.optionArmed };
    for (const plan of planNames) {
      if (machine.snapshot.value[plan] === 'disarmed' && armed[plan])
        machine.send({ type: `${plan}.REARMED` });
    }
    const selection = select(facts, this.#facts.rules(symbol));
    state.selection = selection;
    this.#announce(state, selection);
    for (const plan of planNames) {
      const at = machine.snapshot.value[plan];
      if (at === 'holding') this.#hold(state, plan);
      else if (at === 'idle' && selection.choice === plan) this.#enter(state, plan, selection, facts.units);
    }
  }

  #judgeVolatility(state: SymbolState): void {
    const { symbol, machine } = state;
    const volatility = this.#facts.volatility(symbol);
    const from = machine.snapshot.value.guard;
    if (volatility === null && from === 'shut') return;
    const to = machine.send({ type: 'VOLATILITY', volatility }).value.guard;
    if (from === to) return;
    const tests = guardTests(from, volatility, this.#facts.rules(symbol).guard);
    const changed = VolatilityGuardChanged.of({ symbol, from, to, tests, evidence: { ...volatility } });
    state.guardSeq = this.#kernel.publish(changed, { causation: this.#lastDaySeq(symbol) });
  }

  /** A day order that ended without the fill it was sent for puts the plan back. */
  #settleOrders({ machine }: SymbolState, plan: PlanName): void {
    const { value, context } = machine.snapshot;
    const { instrument } = context[plan];
    if (instrument === null || this.#parts.orders.hasWorking(instrument)) return; // its report is still on the way
    const held = this.#parts.portfolio.quantity(instrument);
    if (value[plan] === 'entering' && held === 0) machine.send({ type: `${plan}.NOT_FILLED` });
    if (value[plan] === 'exiting' && held !== 0) machine.send({ type: `${plan}.EXIT_INCOMPLETE` });
  }

  /** Says what is chosen when the choice, or the test that decides it, is another than the last time. */
  #announce(state: SymbolState, selection: Selection): void {
    const { symbol, published } = state;
    const { choice, contract, deciding, direction, reason, tests } = selection;
    if (choice === published.choice && deciding === published.deciding && contract === published.contract)
      return;
    const seq = this.#kernel.publish(
      SelectionMade.of({ choice, contract, direction, reason, symbol, tests }),
      { causation: this.#lastDaySeq(symbol), basis: this.#basis(state, direction, 0) },
    );
    state.published = { choice, contract, deciding, seq };
  }

  #enter(state: SymbolState, plan: PlanName, selection: Selection, units: number | null): void {
    const { direction, supportedBy, contract, contracts, reason } = selection;
    const instrument = plan === 'option' ? contract! : state.symbol;
    const size =
      plan === 'option' ? ({ kind: 'quantity', quantity: contracts } as const) : this.#equitySize(units!);
    state.machine.send({ type: `${plan}.ENTRY_DECIDED`, instrument, direction, supportedBy });
    this.#defer(state, plan, { action: 'enter', side: 'buy', size, reason });
  }

  #equitySize(units: number): IntentDeferred['size'] {
    const { sizing } = this.#parts.run;
    if (sizing.kind === 'fixed') return { kind: 'quantity', quantity: sizing.quantity };
    if (sizing.kind === 'percent') return { fraction: sizing.percent / 100, kind: 'fraction' };
    return { kind: 'quantity', quantity: units };
  }

  #hold(state: SymbolState, plan: PlanName): void {
    const { symbol, machine } = state;
    const before = machine.snapshot.context[plan];
    if (plan === 'option') {
      this.#trail(state, plan);
      // A modelled chain quotes at every close; a recorded one tells of each quote as it comes.
      if (this.#facts.chain(symbol) === 'modelled') this.#judgeQuote(state);
    }
    const facts = this.#facts.exit(symbol, machine.snapshot.context[plan], this.#kernel.now);
    const { reasons, tests } = exitTests(facts, this.#facts.rules(symbol).selector);
    const reason = reasons.find((each) => this.#parts.run.exits || ALWAYS.includes(each));
    if (reason !== undefined) return this.#exit(state, plan, reason, tests);
    if (plan === 'equity' && this.#parts.run.exits) this.#protect(state, before.stopPx);
  }

  /** Moves the plan's stop behind its best close. */
  #trail({ symbol, machine }: SymbolState, plan: PlanName): void {
    const distance = this.#facts.stopDistance(symbol);
    const close = this.#parts.market.history(symbol).close.ago(0);
    if (distance !== null) machine.send({ type: `${plan}.CLOSE`, close, distance });
  }

  /** A share's stop rests at the venue: raised at the close, it protects from the next open. */
  #protect(state: SymbolState, before: number | null): void {
    const { symbol, machine } = state;
    this.#trail(state, 'equity');
    const { stopPx } = machine.snapshot.context.equity;
    if (stopPx === null || (stopPx === before && this.#parts.orders.hasWorking(symbol))) return;
    const size = { kind: 'quantity', quantity: this.#parts.portfolio.quantity(symbol) } as const;
    this.#defer(state, 'equity', { action: 'protect', side: 'sell', size, reason: 'protectiveStop', stopPx });
  }

  // --- between closes -----------------------------------------------------------------------------------------------

  #judgeQuote({ symbol, machine }: SymbolState): void {
    const lost = this.#facts.premiumLost(symbol, machine.snapshot.context.option.instrument!);
    if (lost !== null) machine.send({ type: 'option.QUOTED', lost });
  }

  #onFill(instrument: string, ordinal: number, px: number): void {
    const order = this.#parts.orders.get(ordinal);
    const of = this.#planOf(instrument);
    if (of === null || order?.intended.role !== 'tactical') return;
    const { state, plan } = of;
    const { machine, symbol } = state;
    const held = this.#parts.portfolio.quantity(instrument);
    if (machine.snapshot.value[plan] === 'entering' && held > 0) machine.send({ type: `${plan}.ENTERED` });
    if (held !== 0 || !isTerminal(order.state.status)) return;
    if (order.intended.action === 'protect') {
      const tests = [needs('protectiveStop', px, order.intended.stopPx, false)];
      this.#kernel.publish(ExitTriggered.of({ plan, reason: 'protectiveStop', symbol, tests }));
    }
    machine.send({ type: `${plan}.CLOSED`, at: this.#kernel.now });
  }

  /** What the clearing house ended is no plan any more; shares that came or went by exercise are squared at the open. */
  #onSettled({ symbol: contract, underlying, shares }: OptionSettled): void {
    const of = this.#planOf(contract);
    if (of?.plan !== 'option' || this.#parts.portfolio.quantity(contract) !== 0) return;
    of.state.machine.send({ type: 'option.CLOSED', at: this.#kernel.now });
    if (shares === 0) return;
    const side = shares > 0 ? 'sell' : 'buy';
    const size = { kind: 'quantity', quantity: Math.abs(shares) } as const;
    const terms = {
      symbol: underlying,
      action: 'exit',
      side,
      size,
      reason: 'shares of an exercise',
    } as const;
    this.#deferTerms(terms, { causation: this.#kernel.cause, basis: [] });
  }

  #onSplit(split: SplitApplied): void {
    const state = this.#states.get(split.symbol);
    if (state === undefined) return;
    const { desk, options } = this.#parts;
    const { equity, option } = state.machine.snapshot.context;
    for (const { instrument } of [equity, option]) {
      if (instrument !== null) desk.withdrawEntries(instrument, 'a split changed what it is for');
    }
    const renamed = renamedBySplit(split, (symbol) => options.contract(symbol));
    const contract = option.instrument === null ? null : renamed(option.instrument)!.symbol;
    state.machine.send({ type: 'SPLIT', factor: split.denominator / split.numerator, contract });
  }

  #flatten(only: string | null, by: string): void {
    for (const state of this.#states.values()) {
      const { value, context } = state.machine.snapshot;
      for (const plan of planNames) {
        const concerns = only === null || only === state.symbol || only === context[plan].instrument;
        if (concerns && value[plan] === 'holding')
          this.#exit(state, plan, by === 'finalize' ? 'finalize' : 'operator', []);
      }
    }
  }

  // --- orders -------------------------------------------------------------------------------------------------------

  #exit(state: SymbolState, plan: PlanName, reason: ExitReason, tests: DecisionTest[]): void {
    const { symbol, machine } = state;
    const { direction, instrument } = machine.snapshot.context[plan];
    const commanded = reason === 'finalize' || reason === 'operator';
    const causation = commanded ? this.#kernel.cause : this.#lastDaySeq(symbol);
    const seq = this.#kernel.publish(ExitTriggered.of({ plan, reason, symbol, tests }), {
      causation,
      basis: this.#basis(state, direction),
    });
    machine.send({ type: `${plan}.EXIT_DECIDED` });
    const size = { kind: 'quantity', quantity: this.#parts.portfolio.quantity(instrument!) } as const;
    this.#defer(state, plan, { action: 'exit', side: 'sell', size, reason }, seq);
  }

  #defer(
    state: SymbolState,
    plan: PlanName,
    terms: Omit<Terms, 'symbol'>,
    causation = this.#lastDaySeq(state.symbol),
  ): void {
    const { instrument, direction } = state.machine.snapshot.context[plan];
    this.#deferTerms({ symbol: instrument!, ...terms }, { causation, basis: this.#basis(state, direction) });
  }

  #deferTerms(terms: Terms, options: { causation: number; basis: number[] }): void {
    const stopPx = terms.stopPx ?? null;
    // What the price will be is the release's business; a stop's is the plan's.
    const stop = stopPx !== null;
    const orderType = stop ? 'stop' : 'limit';
    const timeInForce = stop ? 'gtc' : 'day';
    this.#parts.desk.defer(
      { ...terms, limitPx: null, orderType, role: 'tactical', stopPx, timeInForce },
      options,
    );
  }

  #lastDaySeq(symbol: string): number {
    return this.#parts.market.lastDay(symbol)!.seq;
  }

  /** The decisions that stand behind a choice: conviction, the three regions, the guard, and the selection itself. */
  #basis(
    { symbol, guardSeq, published }: SymbolState,
    direction: PlanDirection,
    selectionSeq = published.seq,
  ): number[] {
    const { strategist, regimes } = this.#parts;
    const { seqs } = regimes.of(symbol);
    const conviction = strategist.standing(symbol, direction).seq;
    const all = [conviction, seqs.trend, seqs.volatility, seqs.structure, guardSeq, selectionSeq];
    return all.filter((seq) => seq > 0).sort((a, b) => a - b);
  }

  /** The plan that trades an instrument. */
  #planOf(instrument: string): { state: SymbolState; plan: PlanName } | null {
    const own = this.#states.get(instrument);
    if (own !== undefined) return { state: own, plan: 'equity' };
    for (const state of this.#states.values()) {
      if (state.machine.snapshot.context.option.instrument === instrument) return { state, plan: 'option' };
    }
    return null;
  }
}

/** Exits of a plan even where a run turns its own exits off: the strategy's word, and the end that an option has. */
const ALWAYS: readonly ExitReason[] = ['conviction', 'expiry'];

const viewOf = ({ snapshot }: SymbolState['machine']): SelectorView => ({
  state: snapshot.value as SelectorView['state'],
  plans: snapshot.context,
});
