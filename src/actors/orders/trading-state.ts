/** Watches what can take the engine's permission to trade away, publishes the changes, and clears the book on a halt. */
import type { Kernel } from '../../bus/kernel.ts';
import type { Config } from '../../domain/config.ts';
import { fromMicros } from '../../domain/money.ts';
import { TradingStateChanged } from '../../events/decision.events.ts';
import { OperatorCommanded } from '../../events/engine.events.ts';
import { MarketClosed, MarketOpened } from '../../events/market.events.ts';
import { type DecisionTest, OrderAccepted, OrderRejected } from '../../events/order.events.ts';
import { MarksMoved } from '../../streams/market-data.ts';
import type { Portfolio } from '../account/portfolio.ts';
import { MachineHost } from '../machine-host.ts';
import type { OrderBook } from './order-book.ts';
import {
  type TradingState as State,
  strictest,
  type TradingRegions,
  type TradingStateEvent,
  tradingStateMachine,
} from './trading-state.machine.ts';

const ACTOR = 'trading-state';
const MINUTE_US = 60_000_000;

interface Saved {
  readonly machine: unknown;
  readonly baseMicros: number;
  readonly rejectsInARow: number;
  readonly rejectTimes: readonly number[];
}

export class TradingState {
  readonly #kernel: Kernel;
  readonly #risk: Config['risk'];
  readonly #portfolio: Portfolio;
  readonly #orders: OrderBook;
  readonly #host: MachineHost<typeof tradingStateMachine>;
  /** Equity at the previous close, from which the day's loss counts. */
  #baseMicros: number;
  #rejectsInARow = 0;
  #rejectTimes: number[] = [];

  constructor(
    kernel: Kernel,
    risk: Config['risk'],
    portfolio: Portfolio,
    orders: OrderBook,
    enforced: boolean,
  ) {
    this.#kernel = kernel;
    this.#risk = risk;
    this.#portfolio = portfolio;
    this.#orders = orders;
    this.#host = new MachineHost(kernel, ACTOR, tradingStateMachine, undefined);
    this.#baseMicros = portfolio.equityMicros();
    kernel.on(OperatorCommanded, ACTOR, ({ payload }) => this.#command(payload.command, payload.by));
    kernel.carry(ACTOR, { save: () => this.#save(), restore: (state) => this.#restore(state as Saved) });
    if (!enforced) return;
    kernel.on(MarketOpened, ACTOR, () => this.#judgeLoss());
    kernel.onNotice(MarksMoved, ACTOR, () => this.#judgeLoss());
    kernel.on(MarketClosed, ACTOR, () => this.#rollDay());
    kernel.on(OrderRejected, ACTOR, ({ recordedAt }) => this.#countReject(recordedAt));
    kernel.on(OrderAccepted, ACTOR, () => {
      this.#rejectsInARow = 0;
    });
  }

  get current(): State {
    return strictest(this.#host.snapshot.value as unknown as TradingRegions);
  }

  #command(command: 'halt' | 'reduceOnly' | 'reset' | 'flatten', by: string): void {
    const event = {
      halt: 'OPERATOR_HALT',
      reduceOnly: 'OPERATOR_REDUCE_ONLY',
      reset: 'OPERATOR_RESET',
    } as const;
    if (command === 'reset') {
      this.#rejectsInARow = 0;
      this.#rejectTimes = [];
    }
    if (command !== 'flatten') this.#send({ type: event[command] }, `${command} by ${by}`, []);
  }

  #judgeLoss(): void {
    // One rounding only, so that a loss of exactly the limit is one.
    const lossShare = (this.#baseMicros - this.#portfolio.equityMicros()) / this.#baseMicros;
    const { dailyLossReduce, dailyLossHalt } = this.#risk;
    if (!(lossShare >= dailyLossReduce)) return;
    const halts = lossShare >= dailyLossHalt;
    const test: DecisionTest = {
      limit: halts ? dailyLossHalt : dailyLossReduce,
      pass: false,
      test: 'dailyLoss',
      value: lossShare,
    };
    this.#send({ type: halts ? 'LOSS_HALT' : 'LOSS_REDUCE' }, 'the loss since the previous close', [test]);
  }

  #rollDay(): void {
    this.#baseMicros = this.#portfolio.equityMicros();
    this.#send({ type: 'DAY_ROLLED' }, `a new day counts from ${fromMicros(this.#baseMicros)}`, []);
  }

  #countReject(at: number): void {
    const { rejectsInARow, rejectsPerMinute } = this.#risk;
    this.#rejectsInARow++;
    this.#rejectTimes = [...this.#rejectTimes.filter((time) => time > at - MINUTE_US), at];
    if (this.#rejectsInARow < rejectsInARow && this.#rejectTimes.length < rejectsPerMinute) return;
    this.#send({ type: 'REJECTS_EXCEEDED' }, 'the venue keeps rejecting', [
      {
        limit: rejectsInARow,
        pass: this.#rejectsInARow < rejectsInARow,
        test: 'rejectsInARow',
        value: this.#rejectsInARow,
      },
      {
        limit: rejectsPerMinute,
        pass: this.#rejectTimes.length < rejectsPerMinute,
        test: 'rejectsPerMinute',
        value: this.#rejectTimes.length,
      },
    ]);
  }

  #send(event: TradingStateEvent, reason: string, tests: DecisionTest[]): void {
    const from = this.current;
    this.#host.send(event);
    const to = this.current;
    if (from === to) return;
    this.#kernel.publish(TradingStateChanged.of({ from, reason, tests, to }));
    if (to === 'halted') this.#cancelAll(event.type === 'LOSS_HALT');
  }

  /** A halt leaves no working order; after a loss, resting protective stops stay, since they only reduce. */
  #cancelAll(keepProtection: boolean): void {
    for (const order of [...this.#orders.working()]) {
      if (keepProtection && order.intended.action === 'protect') continue;
      this.#orders.cancel(order.intended.ordinal, 'trading is halted');
    }
  }

  #save(): Saved {
    return {
      machine: this.#host.save(),
      baseMicros: this.#baseMicros,
      rejectsInARow: this.#rejectsInARow,
      rejectTimes: this.#rejectTimes,
    };
  }

  #restore(saved: Saved): void {
    this.#host.restore(saved.machine);
    this.#baseMicros = saved.baseMicros;
    this.#rejectsInARow = saved.rejectsInARow;
    this.#rejectTimes = [...saved.rejectTimes];
  }
}
