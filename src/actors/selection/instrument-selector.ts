/**
 * Decides each symbol at its close: an option, the share, or nothing. The machine keeps the plans' lives, the rules keep
 * the tests, the fact finder the numbers; this host tells the plans what happened and publishes what was chosen.
 */
import type { Kernel } from '../../bus/kernel.ts';
import { SelectionMade } from '../../events/decision.events.ts';
import { ClockTicked, OperatorCommanded } from '../../events/engine.events.ts';
import { OptionSettled, SplitApplied, VolatilityGuardChanged } from '../../events/option.events.ts';
import { OrderCanceled, OrderExpired, OrderFilled } from '../../events/order.events.ts';
import { DayDecided, Quoted } from '../../streams/market-data.ts';
import { basisOf } from '../basis.ts';
import { firstFailing } from '../decision-tests.ts';
import { MachineHost } from '../machine-host.ts';
import { oncePerRules } from '../once-per-rules.ts';
import { FactFinder } from './fact-finder.ts';
import {
  instrumentSelectorMachine,
  type PlanDirection,
  type PlanName,
  type SelectorView,
} from './instrument-selector.machine.ts';
import { type Selection, select } from './selection-rules.ts';
import { type PlanParts, type SelectorMachine, SymbolPlans } from './symbol-plans.ts';
import { guardTests } from './volatility-guard.ts';

const ACTOR = 'instrument-selector';
const machineOf = oncePerRules(instrumentSelectorMachine);

interface Parts extends PlanParts {
  readonly symbols: readonly string[];
}

interface SymbolState {
  readonly symbol: string;
  readonly machine: SelectorMachine;
  readonly plans: SymbolPlans;
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

export class InstrumentSelector {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  readonly #facts: FactFinder;
  readonly #states = new Map<string, SymbolState>();

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    this.#facts = new FactFinder(parts);
    for (const symbol of [...parts.symbols].sort()) this.#states.set(symbol, this.#start(symbol));
    kernel.on(OrderFilled, ACTOR, ({ payload }) => {
      const order = parts.orders.get(payload.ordinal);
      if (order?.intended.role !== 'tactical') return;
      this.#trading(payload.symbol, (plans, plan) => plans.onFill(plan, order, payload.lastPx));
      this.#states.get(payload.symbol)?.plans.keepProtected();
    });
    for (const end of [OrderCanceled, OrderExpired]) {
      kernel.on(end, ACTOR, ({ payload }) => {
        const order = parts.orders.get(payload.ordinal);
        if (order !== undefined) this.#states.get(order.intended.symbol)?.plans.keepProtected();
      });
    }
    kernel.on(ClockTicked, ACTOR, () => {
      for (const { plans } of this.#states.values()) plans.keepProtected();
    });
    kernel.onNotice(Quoted, ACTOR, ({ payload }) => {
      this.#trading(payload, (plans, plan) => plans.onQuoted(plan));
    });
    kernel.on(OptionSettled, ACTOR, ({ payload }) => {
      this.#trading(payload.symbol, (plans, plan) => plan === 'option' && plans.onSettled(payload));
    });
    kernel.on(SplitApplied, ACTOR, ({ payload }) => {
      this.#states.get(payload.symbol)?.plans.onSplit(payload);
    });
    kernel.on(OperatorCommanded, ACTOR, ({ payload: { command, symbol, by } }) => {
      if (command !== 'flatten') return;
      for (const { plans } of this.#states.values()) plans.flatten(symbol, by);
    });
    kernel.onNotice(DayDecided, ACTOR, ({ payload }) => {
      for (const state of this.#states.values()) {
        if (parts.market.calendarOf(state.symbol) === payload.calendar) this.#decide(state);
      }
    });
  }

  /** Where a symbol's guard and plans stand, and why nothing (or what) was chosen at the last close. */
  view(symbol: string): SelectorView & { readonly selection: Selection | null } {
    const { plans, selection } = this.#states.get(symbol)!;
    return { ...plans.view, selection };
  }

  #start(symbol: string): SymbolState {
    const id = `selector-${symbol}`;
    const diagram = machineOf(this.#facts.rules(symbol).guard);
    const machine = new MachineHost(this.#kernel, id, diagram, undefined);
    const plans = new SymbolPlans(this.#kernel, this.#parts, {
      symbol,
      machine,
      facts: this.#facts,
      basis: (direction) => this.#basis(state, direction, state.published.seq),
    });
    const published = { choice: '', deciding: null, contract: null, seq: 0 };
    const state: SymbolState = { symbol, machine, plans, selection: null, published, guardSeq: 0 };
    this.#kernel.carry(id, {
      save: (): Saved => {
        const { choice, deciding, contract } = state.published;
        return { machine: machine.save(), choice, deciding, contract };
      },
      restore: (json) => {
        const { machine: saved, ...published } = json as Saved;
        plans.restore(saved);
        state.published = { ...published, seq: 0 };
      },
    });
    return state;
  }

  /** Tells the plan that trades an instrument, where there is one. */
  #trading(instrument: string, tell: (plans: SymbolPlans, plan: PlanName) => void): void {
    for (const { plans } of this.#states.values()) {
      const plan = plans.trading(instrument);
      if (plan !== null) tell(plans, plan);
    }
  }

  #decide(state: SymbolState): void {
    const { symbol, plans } = state;
    const day = this.#parts.market.lastDay(symbol);
    if (day === null) return;
    this.#judgeVolatility(state, day.seq);
    const { tradeFrom } = this.#parts.run;
    if (tradeFrom !== null && day.time < tradeFrom) return;
    plans.settleOrders();
    const facts = this.#facts.selection(symbol, plans.view, this.#kernel.now);
    plans.rearm({ equity: facts.armed, option: facts.optionArmed });
    const selection = select(facts, this.#facts.rules(symbol));
    state.selection = selection;
    this.#announce(state, selection, day.seq);
    plans.act(selection, facts.units, firstFailing(facts.feeds) !== undefined);
  }

  #judgeVolatility(state: SymbolState, causation: number): void {
    const { symbol, machine } = state;
    const volatility = this.#facts.volatility(symbol);
    const from = machine.snapshot.value.guard;
    if (volatility === null && from === 'shut') return;
    const to = machine.send({ type: 'VOLATILITY', volatility }).value.guard;
    if (from === to) return;
    const tests = guardTests(from, volatility, this.#facts.rules(symbol).guard);
    const changed = VolatilityGuardChanged.of({ symbol, from, to, tests, evidence: { ...volatility } });
    state.guardSeq = this.#kernel.publish(changed, { causation });
  }

  /** Says what is chosen when the choice, or what decides it, is another than the last time. */
  #announce(state: SymbolState, selection: Selection, causation: number): void {
    const { symbol, published } = state;
    const { choice, contract, deciding, direction, reason, tests } = selection;
    const same = choice === published.choice && deciding === published.deciding;
    if (same && contract === published.contract) return;
    const made = SelectionMade.of({ choice, contract, direction, reason, symbol, tests });
    const seq = this.#kernel.publish(made, { causation, basis: this.#basis(state, direction, 0) });
    state.published = { choice, contract, deciding, seq };
  }

  /** The decisions that stand behind a choice: conviction, the three regions, the guard, and the selection itself. */
  #basis({ symbol, guardSeq }: SymbolState, direction: PlanDirection, selectionSeq: number): number[] {
    const { strategist, regimes, matrix } = this.#parts;
    const { seqs } = regimes.of(symbol);
    const scenario = matrix.of(symbol)?.seq ?? 0;
    const conviction = strategist.standing(symbol, direction).seq;
    const all = [conviction, seqs.trend, seqs.volatility, seqs.structure, scenario, guardSeq, selectionSeq];
    return basisOf(all);
  }
}
