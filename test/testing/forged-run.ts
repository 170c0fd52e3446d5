/** Logs that no engine would write, to see that each invariant finds what it is for. */
import type { RunSpec } from '../../src/domain/config.ts';
import { canonicalJson } from '../../src/events/canonical.ts';
import type { NewEvent } from '../../src/events/define-event.ts';
import { SymbolDefined } from '../../src/events/market.events.ts';
import { OrderFilled, OrderIntended, RiskApproved, SubmitAttempted } from '../../src/events/order.events.ts';
import { DAY_S, Tick, TickKind } from '../../src/events/tick.ts';
import { smaCross } from '../../src/strategies/sma-cross.ts';
import type { Strategy } from '../../src/streams/strategy.ts';
import { engineInvariants } from '../../src/testing/invariants.ts';
import { runSpecOf } from '../../src/testing/run-market.ts';
import { type EngineBooks, RunFold, type RunRecord } from '../../src/testing/run-view.ts';

export const DAY_US = 86_400_000_000;

export class ForgedRun {
  readonly fold: RunFold;
  /** Names of the invariants that broke, in order. */
  readonly broken: string[] = [];
  now = DAY_US;
  #seq = 0;

  constructor(run: Partial<RunSpec> = {}) {
    this.fold = new RunFold(runSpecOf(smaCross as unknown as Strategy, run));
    this.event(
      SymbolDefined.of({
        id: 0,
        symbol: 'AAA',
        assetClass: 'equity',
        multiplier: 1,
        calendar: 'XNYS',
        priceSource: 'bars',
        resolutionS: DAY_S,
      }),
    );
  }

  event(made: NewEvent, over: { causation?: number; seq?: number; books?: EngineBooks } = {}): number {
    const { seq = this.#seq + 1, causation = null, books = null } = over;
    const json = made.type === 'ConvictionChanged' ? '' : canonicalJson(made.payload);
    const { now } = this;
    const event = {
      ...made,
      seq,
      time: now,
      recordedAt: now,
      source: 'test',
      causation,
      correlation: null,
      basis: [],
      json,
    };
    return this.#add({ seq, event, tick: null }, books);
  }

  bar(close: number, range: { low?: number; high?: number } = {}): number {
    this.now += DAY_US;
    const { low = close, high = close } = range;
    const fields = { open: close, high, low, close, time: this.now, recordedAt: this.now };
    const tick = Object.assign(new Tick(), { kind: TickKind.bar, resolutionS: DAY_S, ...fields });
    return this.#add({ seq: this.#seq + 1, event: null, tick }, null);
  }

  order(ordinal: number, terms: Partial<OrderIntended> = {}, causation = this.#seq): OrderIntended {
    const intended: OrderIntended = {
      ordinal,
      intent: null,
      action: 'enter',
      role: 'tactical',
      symbol: 'AAA',
      side: 'buy',
      orderType: 'market',
      size: { kind: 'quantity', quantity: 10 },
      limitPx: null,
      stopPx: null,
      timeInForce: 'day',
      bidPx: null,
      askPx: null,
      reason: 'test',
      ...terms,
    };
    this.event(OrderIntended.of(intended), { causation });
    return intended;
  }

  approve(ordinal: number): number {
    return this.event(RiskApproved.of({ ordinal, tests: [] }), { causation: this.#seq });
  }

  send({ ordinal, symbol, side, size, orderType, limitPx, stopPx, timeInForce }: OrderIntended): number {
    const sent = { ordinal, symbol, side, size, orderType, limitPx, stopPx, timeInForce };
    return this.event(SubmitAttempted.of(sent), { causation: this.#seq });
  }

  fill(ordinal: number, over: Partial<OrderFilled> = {}, books?: EngineBooks): number {
    const fill: OrderFilled = {
      ordinal,
      executionId: `x${ordinal}`,
      symbol: 'AAA',
      side: 'buy',
      lastQty: 10,
      lastPx: 100,
      leavesQty: 0,
      feeMicros: 0,
      ...over,
    };
    return this.event(OrderFilled.of(fill), { books });
  }

  /** An order decided on a bar of 100 dollars, sent, and filled in the next one. */
  filledOrder(ordinal = 1, over: Partial<OrderFilled> = {}, terms: Partial<OrderIntended> = {}): void {
    const cause = this.bar(100);
    const intended = this.order(ordinal, terms, cause);
    this.approve(ordinal);
    this.send(intended);
    this.now += DAY_US / 2;
    this.fill(ordinal, over);
    this.now -= DAY_US / 2;
    this.bar(100);
  }

  #add(record: RunRecord, books: EngineBooks | null): number {
    this.#seq = record.seq;
    this.fold.add(record, books);
    for (const { name, check } of engineInvariants) if (check(this.fold) !== null) this.broken.push(name);
    return record.seq;
  }
}
