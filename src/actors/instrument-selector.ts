/**
 * Decides each symbol at its close: enter, hold and protect, or leave. The machine keeps the plan's life; the rules keep
 * the tests; this host brings the facts together and publishes what follows.
 */
import type { Kernel } from '../bus/kernel.ts';
import { type Config, configFor, type RunSpec } from '../domain/config.ts';
import { roundPassive } from '../domain/instrument.ts';
import { isTerminal } from '../domain/order-status.ts';
import { riskSizedUnits } from '../domain/sizing.ts';
import { ExitTriggered, SelectionMade } from '../events/decision.events.ts';
import { OperatorCommanded } from '../events/engine.events.ts';
import { type IntentDeferred, OrderFilled } from '../events/order.events.ts';
import { atr, highest } from '../streams/indicators.ts';
import { DayDecided, type MarketData } from '../streams/market-data.ts';
import { instrumentSelectorMachine, type PlanContext } from './instrument-selector.machine.ts';
import { MachineHost } from './machine-host.ts';
import type { OrderBook } from './order-book.ts';
import type { Portfolio } from './portfolio.ts';
import type { Regimes } from './regimes.ts';
import type { ReleaseDesk } from './release-desk.ts';
import { exitTests, type Selection, type SelectionFacts, select } from './selection-rules.ts';
import type { Strategist } from './strategist.ts';

const ACTOR = 'instrument-selector';
const DAY_US = 86_400_000_000;

interface Parts {
  readonly run: Pick<RunSpec, 'exits' | 'sizing' | 'tradeFrom'>;
  readonly config: Config;
  readonly symbols: readonly string[];
  readonly market: MarketData;
  readonly orders: OrderBook;
  readonly portfolio: Portfolio;
  readonly regimes: Regimes;
  readonly strategist: Strategist;
  readonly desk: ReleaseDesk;
}

type Plan = MachineHost<typeof instrumentSelectorMachine>;

interface SymbolState {
  readonly plan: Plan;
  /** The newest evaluation, published or not. */
  selection: Selection | null;
  /** What the published one rests on, and where it stands in the log. */
  published: { choice: string; deciding: string; seq: number };
}

interface Saved {
  readonly plan: unknown;
  readonly choice: string;
  readonly deciding: string;
}

export class InstrumentSelector {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  readonly #states = new Map<string, SymbolState>();

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    for (const symbol of [...parts.symbols].sort()) {
      const id = `selector-${symbol}`;
      const plan = new MachineHost(kernel, id, instrumentSelectorMachine, undefined);
      const state: SymbolState = { plan, selection: null, published: { choice: '', deciding: '', seq: 0 } };
      this.#states.set(symbol, state);
      kernel.carry(id, {
        save: (): Saved => ({
          plan: plan.save(),
          choice: state.published.choice,
          deciding: state.published.deciding,
        }),
        restore: (json) => {
          const saved = json as Saved;
          plan.restore(saved.plan);
          state.published = { choice: saved.choice, deciding: saved.deciding, seq: 0 };
        },
      });
    }
    kernel.on(OrderFilled, ACTOR, ({ payload }) =>
      this.#onFill(payload.symbol, payload.ordinal, payload.lastPx),
    );
    kernel.on(OperatorCommanded, ACTOR, ({ payload }) => {
      if (payload.command === 'flatten') this.#flatten(payload.symbol);
    });
    kernel.onNotice(DayDecided, ACTOR, ({ payload }) => {
      for (const [symbol, state] of this.#states) {
        if (parts.market.calendarOf(symbol) === payload.calendar) this.#decide(symbol, state);
      }
    });
  }

  /** State of a symbol's plan, and why nothing (or what) was chosen at the last close. */
  view(symbol: string): { state: string; plan: PlanContext; selection: Selection | null } {
    const { plan, selection } = this.#states.get(symbol)!;
    return { state: String(plan.snapshot.value), plan: plan.snapshot.context, selection };
  }

  #decide(symbol: string, state: SymbolState): void {
    const day = this.#parts.market.lastDay(symbol);
    const { tradeFrom } = this.#parts.run;
    if (day === null || (tradeFrom !== null && day.time < tradeFrom)) return;
    this.#settleOrders(symbol, state.plan);
    const facts = this.#facts(symbol, state.plan);
    const rules = configFor(this.#parts.config, symbol).selector;
    if (state.plan.snapshot.matches('disarmed') && facts.armed) state.plan.send({ type: 'REARMED' });
    state.selection = select(facts, rules);
    if (state.plan.snapshot.matches('holding')) this.#hold(symbol, state, facts);
    else this.#consider(symbol, state, facts);
  }

  /** A day order that ended without the fill it was sent for puts the plan back. */
  #settleOrders(symbol: string, plan: Plan): void {
    const held = this.#parts.portfolio.quantity(symbol);
    if (this.#parts.orders.hasWorking(symbol)) return; // its report is still on the way
    if (plan.snapshot.matches('entering') && held === 0) plan.send({ type: 'NOT_FILLED' });
    if (plan.snapshot.matches('exiting') && held !== 0) plan.send({ type: 'EXIT_INCOMPLETE' });
  }

  #facts(symbol: string, plan: Plan): SelectionFacts {
    const { strategist, regimes, portfolio } = this.#parts;
    const { states } = regimes.of(symbol);
    const rules = configFor(this.#parts.config, symbol).selector;
    const distance = this.#stopDistance(symbol);
    return {
      longConviction: strategist.newest(symbol, 'long') ?? 0,
      shortConviction: strategist.newest(symbol, 'short') ?? 0,
      trend: states.trend,
      structure: states.structure,
      armed: !plan.snapshot.matches('disarmed') || this.#rearms(symbol, plan.snapshot.context.exitedAt!),
      units:
        distance === null ? null : riskSizedUnits(portfolio.equityMicros(), rules.riskPerTrade, distance),
    };
  }

  #stopDistance(symbol: string): number | null {
    const rules = configFor(this.#parts.config, symbol).selector;
    const range = atr(this.#parts.market.history(symbol), rules.atrBars);
    return range === undefined || range === 0 ? null : rules.stopAtr * range;
  }

  /** A new closing high of the last bars, or enough days since the exit. */
  #rearms(symbol: string, exitedAt: number): boolean {
    const { rearmBars, rearmDays } = configFor(this.#parts.config, symbol).selector;
    const closes = this.#parts.market.history(symbol).close;
    const high = highest(closes, rearmBars);
    return this.#kernel.now - exitedAt >= rearmDays * DAY_US || (high !== undefined && closes.ago(0) >= high);
  }

  #consider(symbol: string, state: SymbolState, facts: SelectionFacts): void {
    const selection = state.selection!;
    const options = {
      causation: this.#parts.market.lastDay(symbol)!.seq,
      basis: this.#basis(symbol, state, false),
    };
    const { choice, tests, reason } = selection;
    const deciding = tests.find((each) => !each.pass)?.test ?? 'none';
    if (choice !== state.published.choice || deciding !== state.published.deciding) {
      const seq = this.#kernel.publish(
        SelectionMade.of({ choice, contract: null, direction: 'long', reason, symbol, tests }),
        options,
      );
      state.published = { choice, deciding, seq };
    }
    if (choice === 'nothing' || !state.plan.snapshot.matches('idle')) return;
    state.plan.send({ type: 'ENTRY_DECIDED', supportedBy: selection.supportedBy });
    this.#defer(symbol, state, { action: 'enter', side: 'buy', size: this.#entrySize(facts), reason });
  }

  #entrySize({ units }: SelectionFacts): IntentDeferred['size'] {
    const { sizing } = this.#parts.run;
    if (sizing.kind === 'fixed') return { kind: 'quantity', quantity: sizing.quantity };
    if (sizing.kind === 'percent') return { fraction: sizing.percent / 100, kind: 'fraction' };
    return { kind: 'quantity', quantity: units! };
  }

  #hold(symbol: string, state: SymbolState, facts: SelectionFacts): void {
    const rules = configFor(this.#parts.config, symbol).selector;
    const { supportedBy } = state.plan.snapshot.context;
    const exits = exitTests(facts, supportedBy, rules);
    const leaves = exits.reason !== null && (this.#parts.run.exits || exits.reason === 'conviction');
    if (leaves) return this.#exit(symbol, state, exits.reason!, exits.tests);
    if (this.#parts.run.exits) this.#protect(symbol, state);
  }

  #exit(
    symbol: string,
    state: SymbolState,
    reason: 'conviction' | 'regime' | 'finalize',
    tests: Parameters<typeof ExitTriggered.of>[0]['tests'],
  ): void {
    const causation = reason === 'finalize' ? this.#kernel.cause : this.#parts.market.lastDay(symbol)!.seq;
    const basis = this.#basis(symbol, state, true);
    const seq = this.#kernel.publish(ExitTriggered.of({ plan: 'equity', reason, symbol, tests }), {
      causation,
      basis,
    });
    state.plan.send({ type: 'EXIT_DECIDED' });
    const size = { kind: 'quantity', quantity: this.#parts.portfolio.quantity(symbol) } as const;
    this.#defer(symbol, state, { action: 'exit', side: 'sell', size, reason }, seq);
  }

  /** Raises the resting stop behind the highest close; from the next open it protects. */
  #protect(symbol: string, state: SymbolState): void {
    const distance = this.#stopDistance(symbol);
    const close = this.#parts.market.history(symbol).close.ago(0);
    if (distance === null) return;
    const before = state.plan.snapshot.context.stopPx;
    const highestClose = Math.max(state.plan.snapshot.context.highestClose ?? close, close);
    const proposed = roundPassive(Math.max(highestClose - distance, tickAboveZero), 'buy');
    const { stopPx } = state.plan.send({ type: 'CLOSE', close, stopPx: proposed }).context;
    if (stopPx === null || (stopPx === before && this.#parts.orders.hasWorking(symbol))) return;
    const size = { kind: 'quantity', quantity: this.#parts.portfolio.quantity(symbol) } as const;
    this.#defer(symbol, state, { action: 'protect', side: 'sell', size, reason: 'protectiveStop', stopPx });
  }

  #defer(
    symbol: string,
    state: SymbolState,
    terms: Pick<IntentDeferred, 'action' | 'side' | 'size' | 'reason'> & { stopPx?: number },
    causation = this.#parts.market.lastDay(symbol)!.seq,
  ): void {
    const stopPx = terms.stopPx ?? null;
    const intent = {
      action: terms.action,
      limitPx: null,
      // What the price will be is the release's business; a stop's is the plan's.
      orderType: stopPx === null ? 'limit' : 'stop',
      reason: terms.reason,
      role: 'tactical',
      side: terms.side,
      size: terms.size,
      stopPx,
      symbol,
      timeInForce: stopPx === null ? 'day' : 'gtc',
    } as const;
    this.#parts.desk.defer(intent, { causation, basis: this.#basis(symbol, state, true) });
  }

  /** The decisions that stand behind a choice: conviction, the three regions, and the selection itself. */
  #basis(symbol: string, state: SymbolState, withSelection: boolean): number[] {
    const { strategist, regimes } = this.#parts;
    const { seqs } = regimes.of(symbol);
    const all = [
      strategist.standing(symbol, 'long').seq,
      seqs.trend,
      seqs.volatility,
      seqs.structure,
      withSelection ? state.published.seq : 0,
    ];
    return all.filter((seq) => seq > 0).sort((a, b) => a - b);
  }

  #onFill(symbol: string, ordinal: number, px: number): void {
    const state = this.#states.get(symbol);
    const order = this.#parts.orders.get(ordinal);
    if (state === undefined || order === undefined || order.intended.role !== 'tactical') return;
    const { plan } = state;
    const held = this.#parts.portfolio.quantity(symbol);
    if (plan.snapshot.matches('entering') && held > 0) plan.send({ type: 'ENTERED' });
    if (held !== 0 || !isTerminal(order.state.status)) return;
    if (order.intended.action === 'protect') {
      const tests = [{ limit: order.intended.stopPx, pass: false, test: 'protectiveStop', value: px }];
      this.#kernel.publish(ExitTriggered.of({ plan: 'equity', reason: 'protectiveStop', symbol, tests }));
    }
    plan.send({ type: 'CLOSED', at: this.#kernel.now });
  }

  #flatten(only: string | null): void {
    for (const [symbol, state] of this.#states) {
      if ((only === null || only === symbol) && state.plan.snapshot.matches('holding')) {
        this.#exit(symbol, state, 'finalize', []);
      }
    }
  }
}

const tickAboveZero = 0.0001;
