/** Watches what can take the engine's permission to trade away, publishes the changes, and clears the book on a halt. */
import type { Kernel } from '../../bus/kernel.ts';
import type { Config } from '../../domain/config.ts';
import { fromMicros } from '../../domain/money.ts';
import { Reconciled } from '../../events/account.events.ts';
import { TradingStateChanged } from '../../events/decision.events.ts';
import type { PayloadOf } from '../../events/define-event.ts';
import { ClockTicked, OperatorCommanded, SessionStarted } from '../../events/engine.events.ts';
import { MarketClosed, MarketOpened } from '../../events/market.events.ts';
import {
  type DecisionTest,
  type IntentAction,
  OrderAccepted,
  OrderRejected,
} from '../../events/order.events.ts';
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
/** A halt has cleared the book within 5 s: what the venue did not cancel is asked for again, twice in that time. */
const CANCEL_AGAIN_US = 2_000_000;
const HALTED = 'trading is halted';

interface Saved {
  readonly machine: unknown;
  readonly baseMicros: number;
  readonly rejectsInARow: number;
  readonly rejectTimes: readonly number[];
}

interface Kept {
  readonly live: boolean;
  readonly clearedAt: number;
}

export class TradingState {
  readonly #kernel: Kernel;
  readonly #risk: Config['risk'];
  readonly #portfolio: Portfolio;
  readonly #orders: OrderBook;
  readonly #host: MachineHost<typeof tradingStateMachine>;
  /** What the account had made of its money at the previous close (equity less transfers): the day's loss counts from there. */
  #baseMicros: number;
  #live = false;
  /** When a halt last asked for all cancels, microseconds. */
  #clearedAt = 0;
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
    this.#baseMicros = this.#ownMicros();
    kernel.on(SessionStarted, ACTOR, ({ payload }) => {
      this.#live = payload.mode !== 'sim';
    });
    kernel.on(OperatorCommanded, ACTOR, ({ payload }) => this.#command(payload.command, payload.by));
    kernel.on(Reconciled, ACTOR, ({ payload: { ok } }) => {
      if (ok) this.#send({ type: 'VENUE_AGREES' }, 'the venue agrees', []);
      else this.#send({ type: 'VENUE_DIFFERS' }, "the venue's account is not ours", []);
    });
    kernel.on(ClockTicked, ACTOR, ({ recordedAt }) => {
      if (!this.#live || this.current !== 'halted' || recordedAt - this.#clearedAt < CANCEL_AGAIN_US) return;
      // What the venue took and did not do is still on its way for us.
      const forgotten = [...orders.working()].filter(({ state }) => state.status === 'pendingCancel');
      for (const { intended } of forgotten) orders.cancelOnSight(intended.ordinal, HALTED);
      this.#clearBook();
    });
    kernel.carry(ACTOR, { save: () => this.#save(), restore: (state) => this.#restore(state as Saved) });
    kernel.keep(ACTOR, {
      save: (): Kept => ({ live: this.#live, clearedAt: this.#clearedAt }),
      restore: (kept) => {
        ({ live: this.#live, clearedAt: this.#clearedAt } = kept as Kept);
      },
    });
    if (!enforced) return;
    kernel.on(MarketOpened, ACTOR, () => this.#judgeLoss());
    kernel.onNotice(MarksMoved, ACTOR, () => this.#judgeLoss());
    kernel.on(MarketClosed, ACTOR, () => this.#rollDay());
    // What never came to the venue says nothing of how it takes our orders.
    kernel.on(OrderRejected, ACTOR, ({ recordedAt, payload: { by } }) => {
      if (by === undefined) this.#countReject(recordedAt);
    });
    kernel.on(OrderAccepted, ACTOR, () => {
      this.#rejectsInARow = 0;
    });
  }

  get current(): State {
    return strictest(this.regions);
  }

  /** Whether such an order may leave now. */
  allows(action: IntentAction): boolean {
    const state = this.current;
    return state === 'trading' || (state === 'reducing' && action !== 'enter');
  }

  /** What may hold it back, each for itself. */
  get regions(): TradingRegions {
    return this.#host.snapshot.value as unknown as TradingRegions;
  }

  /** Equity without what was paid in or out: that is neither profit nor loss. */
  #ownMicros(): number {
    return this.#portfolio.equityMicros() - this.#portfolio.transferredMicros;
  }

  #command(command: PayloadOf<typeof OperatorCommanded>['command'], by: string): void {
    const event = {
      halt: 'OPERATOR_HALT',
      reduceOnly: 'OPERATOR_REDUCE_ONLY',
      reset: 'OPERATOR_RESET',
    } as const;
    if (command === 'reset') {
      this.#rejectsInARow = 0;
      this.#rejectTimes = [];
      // Whoever lifts a halt for the day's loss accepts that loss: the next one counts from here.
      if (this.regions.loss === 'halted') this.#baseMicros = this.#ownMicros();
    }
    if (command in event)
      this.#send({ type: event[command as keyof typeof event] }, `${command} by ${by}`, []);
  }

  /** What the account has lost since the previous close (negative: gained), in micro-dollars and as a share of what it was. */
  get loss(): { readonly micros: number; readonly share: number } {
    // One rounding only, so that a loss of exactly the limit is one.
    const micros = this.#baseMicros - this.#ownMicros();
    return { micros, share: micros / (this.#baseMicros + this.#portfolio.transferredMicros) };
  }

  /** Orders the venue rejected, of the last minute and in a row. */
  get rejects(): { readonly inARow: number; readonly thisMinute: number } {
    const since = this.#kernel.now - MINUTE_US;
    const thisMinute = this.#rejectTimes.filter((time) => time > since).length;
    return { inARow: this.#rejectsInARow, thisMinute };
  }

  #judgeLoss(): void {
    const lossShare = this.loss.share;
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
    this.#baseMicros = this.#ownMicros();
    // With real money a halt is for a person to lift, not for the night.
    if (this.#live && this.regions.loss === 'halted') return;
    const equity = fromMicros(this.#portfolio.equityMicros());
    this.#send({ type: 'DAY_ROLLED' }, `a new day counts from ${equity}`, []);
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
    if (from !== to) this.#kernel.publish(TradingStateChanged.of({ from, reason, tests, to }));
    // An operator's halt also takes what a halt for another reason left standing.
    if (to === 'halted' && (from !== to || event.type === 'OPERATOR_HALT')) this.#clearBook();
  }

  /** A halt leaves no working order; after a loss alone, resting protective stops stay, since they only reduce. */
  #clearBook(): void {
    this.#clearedAt = this.#kernel.now;
    const keepsStops = strictest({ ...this.regions, loss: 'trading' }) !== 'halted';
    for (const { intended } of [...this.#orders.working()]) {
      if (keepsStops && intended.action === 'protect') continue;
      this.#orders.cancel(intended.ordinal, HALTED);
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
