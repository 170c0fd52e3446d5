/** Which outside signals a run heard, and which of its decisions would have been others without them. */
import type { ConvictionChanged, SelectionMade } from '../events/decision.events.ts';
import type { PayloadOf } from '../events/define-event.ts';
import type { StoredEvent } from '../events/envelope.ts';
import type { ConfluenceFound, IntelReceived } from '../events/intel.events.ts';
import type { HedgeStateChanged } from '../events/option.events.ts';
import type { DecisionTest, OrderDenied } from '../events/order.events.ts';

/** One decision that a signal took part in. */
export interface SignalEffect {
  readonly seq: number;
  /** Microseconds. */
  readonly time: number;
  readonly decision: string;
  readonly symbol: string;
  /** The signal's key and source, in words. */
  readonly signal: string;
  readonly effect: string;
}

/** Of more, the last ones; the log has them all. */
const KEPT = 500;

export class SignalJournal {
  /** How often each key was heard. */
  readonly heard = new Map<string, number>();
  effects: SignalEffect[] = [];
  /** All of them, those that are not kept included. */
  total = 0;

  event(event: StoredEvent): void {
    switch (event.type) {
      case 'IntelReceived': {
        const { key } = (event.payload as IntelReceived).signal;
        this.heard.set(key, (this.heard.get(key) ?? 0) + 1);
        return;
      }
      case 'ConvictionChanged':
        return this.#conviction(event as StoredEvent<ConvictionChanged>);
      case 'ConfluenceFound':
        return this.#confluence(event as StoredEvent<ConfluenceFound>);
      case 'SelectionMade': {
        const { symbol, tests, choice } = event.payload as SelectionMade;
        return this.#tested(event, symbol, tests, 'confluence', `choice: ${choice}`);
      }
      case 'HedgeStateChanged': {
        const { tests, to } = event.payload as PayloadOf<typeof HedgeStateChanged>;
        return this.#tested(event, '', tests, 'deathSpiral', `the hedge is ${to}`);
      }
      case 'OrderDenied': {
        const { symbol, tests, reason } = event.payload as PayloadOf<typeof OrderDenied>;
        if (reason.startsWith('portfolioHeat'))
          this.#tested(event, symbol, tests, 'partnerPositions', `denied: ${reason}`);
      }
    }
  }

  #conviction(event: StoredEvent<ConvictionChanged>): void {
    const { symbol, direction, conviction, evidence, signals = [] } = event.payload;
    for (const { key, value, sourceSystem, ageS, multiplier } of signals) {
      if (multiplier === 1) continue;
      const score = evidence.score == null ? '' : `, before all multipliers ${tenth(evidence.score)}`;
      this.#add(event, {
        symbol,
        signal: `${key} ${value} by ${sourceSystem}, ${Math.round(ageS)} s old`,
        effect: `${direction} conviction ${tenth(conviction)}: times ${multiplier}${score}`,
      });
    }
  }

  #confluence(event: StoredEvent<ConfluenceFound>): void {
    const { symbol, scenario, spike, catalyst } = event.payload;
    this.#add(event, {
      symbol,
      signal: `intel:social_score ${catalyst.score} by ${catalyst.sourceSystem}, ${Math.round(catalyst.ageS)} s old`,
      effect: `${scenario} with ${tenth(spike.multiplier)} times the volume by ${spike.source}${spike.synthetic ? ' (synthetic)' : ''}`,
    });
  }

  #tested(
    event: StoredEvent,
    symbol: string,
    tests: readonly DecisionTest[],
    name: string,
    effect: string,
  ): void {
    for (const { test, value, limit } of tests) {
      if (test === name)
        this.#add(event, {
          symbol,
          signal: `${name} ${value}${limit === null ? '' : ` (${limit})`}`,
          effect,
        });
    }
  }

  #add(
    { seq, recordedAt, type }: StoredEvent,
    effect: Pick<SignalEffect, 'symbol' | 'signal' | 'effect'>,
  ): void {
    this.total++;
    this.effects.push({ seq, time: recordedAt, decision: type, ...effect });
    if (this.effects.length > 2 * KEPT) this.effects = this.effects.slice(-KEPT);
  }
}

const tenth = (value: number): number => Math.round(value * 10) / 10;
