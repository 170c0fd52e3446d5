/** How full the book is: our open positions and the partner system's, of all that both may hold together. */
import type { Config } from '../../domain/config.ts';
import type { DecisionTest } from '../../events/order.events.ts';
import type { IntelSignals } from '../../streams/intel-signals.ts';
import type { Portfolio } from '../account/portfolio.ts';
import { needs } from '../decision-tests.ts';

interface Parts {
  readonly config: Config;
  readonly portfolio: Portfolio;
  readonly intel: IntelSignals;
}

export class PortfolioHeat {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get ours(): number {
    return this.#parts.portfolio.positions().length;
  }

  /** Positions over capacity, not clipped: a partner may overfill it. What the partner said and is stale counts as nothing. */
  get value(): number {
    const { config, intel } = this.#parts;
    return (this.ours + (intel.partnerPositions?.value ?? 0)) / config.risk.heatCapacity;
  }

  /** Whether a new position may be opened; where the partner's count, that stands beside it with its source and age. */
  tests(risk: Config['risk']): DecisionTest[] {
    const { intel } = this.#parts;
    const heat = this.value;
    const partner = intel.partnerPositions;
    const test = { limit: risk.heatPause, pass: heat < risk.heatPause, test: 'portfolioHeat', value: heat };
    if (partner === null) return [test];
    const from = `by ${partner.sourceSystem}, ${Math.round(partner.ageS)} s old`;
    return [test, needs('partnerPositions', partner.value, from, true)];
  }
}
