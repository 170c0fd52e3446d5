/**
 * How often orders may be intended: those of the last minute, measured against the limits on repeats and on rates. The gate
 * denies by it; who works orders in a live session waits by it, since what has to go must not end for having come too soon.
 */
import type { Kernel } from '../../bus/kernel.ts';
import type { DecisionTest, OrderIntended } from '../../events/order.events.ts';
import { atMost, firstFailing } from '../decision-tests.ts';
import type { Pricing } from './pricing.ts';

/** Its state was the gate's before there was a desk that waits. */
const CARRIED_AS = 'risk-gate';
const SECOND_US = 1_000_000;
const MINUTE_US = 60 * SECOND_US;

/** What makes two orders the same, or steps of one intent. */
type Paced = Pick<OrderIntended, 'intent' | 'symbol' | 'side' | 'size' | 'orderType' | 'limitPx' | 'stopPx'>;

interface Parts {
  readonly pricing: Pricing;
  /** False where no limit is enforced, or where nobody may wait: a simulation. */
  readonly applies: () => boolean;
}

interface Recent {
  readonly at: number;
  readonly symbol: string;
  readonly key: string;
  readonly intent: number | null;
  /** One more price of an intent that is being worked: neither a new intent nor a duplicate. */
  readonly step: boolean;
}

export class IntentPace {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  /** Intents of the last minute, oldest first. */
  #recent: Recent[] = [];

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    kernel.carry(CARRIED_AS, {
      save: () => this.#recent,
      restore: (state) => {
        this.#recent = [...(state as Recent[])];
      },
    });
  }

  /** What such an order would be denied for now and not a little later; undefined in a simulation, where none waits. */
  tooSoon(order: Paced): DecisionTest | undefined {
    if (!this.#parts.applies()) return undefined;
    return firstFailing([this.duplicateTest(order), ...this.rateTests(order)]);
  }

  duplicateTest(order: Paced): DecisionTest {
    this.#forgetTheOld();
    const { risk } = this.#parts.pricing.configOf(order.symbol);
    const window = this.#kernel.now - risk.duplicateWindowMs * 1_000;
    const ownKey = duplicateKey(order);
    const duplicates = this.#recent.filter(
      ({ at, key, intent }) => at > window && key === ownKey && (intent === null || intent !== order.intent),
    ).length;
    return atMost('duplicates', duplicates, 0);
  }

  /** None for one more price of an intent, nor where bars are all there is. */
  rateTests(order: Paced): DecisionTest[] {
    this.#forgetTheOld();
    const { pricing } = this.#parts;
    if (pricing.barMode(order.symbol) || this.#isStep(order)) return [];
    const { now } = this.#kernel;
    const { risk } = pricing.configOf(order.symbol);
    const intents = this.#recent.filter(({ step }) => !step);
    const inSecond = intents.filter(
      ({ at, symbol }) => at > now - SECOND_US && symbol === order.symbol,
    ).length;
    return [
      atMost('intentsThisSecond', inSecond + 1, risk.intentsPerSecondPerSymbol),
      atMost('intentsThisMinute', intents.length + 1, risk.intentsPerMinute),
    ];
  }

  /** Intents of the last minute that count against their rate. */
  get intentsThisMinute(): number {
    const since = this.#kernel.now - MINUTE_US;
    return this.#recent.filter(({ at, step }) => at > since && !step).length;
  }

  remember(order: Paced): void {
    const { intent, symbol } = order;
    const step = this.#isStep(order);
    this.#recent.push({ at: this.#kernel.now, intent, key: duplicateKey(order), step, symbol });
  }

  #isStep({ intent }: Paced): boolean {
    return intent !== null && this.#recent.some((each) => each.intent === intent);
  }

  #forgetTheOld(): void {
    const since = this.#kernel.now - MINUTE_US;
    while (this.#recent.length > 0 && this.#recent[0].at <= since) this.#recent.shift();
  }
}

const duplicateKey = ({ symbol, side, size, limitPx, stopPx, orderType }: Paced): string =>
  `${symbol} ${side} ${size.kind === 'quantity' ? size.quantity : size.fraction} ${orderType} ${limitPx ?? ''} ${stopPx ?? ''}`;
