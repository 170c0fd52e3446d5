/** Hosts one market-regime machine per symbol and publishes what changes in its regions. */
import type { Kernel } from '../../bus/kernel.ts';
import { type Config, configFor } from '../../domain/config.ts';
import { log } from '../../domain/math.ts';
import { RegimeChanged } from '../../events/decision.events.ts';
import { SplitApplied } from '../../events/option.events.ts';
import type { DecisionTest } from '../../events/order.events.ts';
import { stdev } from '../../streams/indicators.ts';
import { DayBarClosed, type MarketData } from '../../streams/market-data.ts';
import { type RegimeReading, readRegime } from '../../streams/regime-readings.ts';
import { atMost } from '../decision-tests.ts';
import { MachineHost } from '../machine-host.ts';
import { oncePerRules } from '../once-per-rules.ts';
import { marketRegimeMachine, type RegimeRegion, regimeEvidence } from './market-regime.machine.ts';

const machineOf = oncePerRules(marketRegimeMachine);
type Host = MachineHost<ReturnType<typeof marketRegimeMachine>>;

const regions: readonly RegimeRegion[] = ['trend', 'volatility', 'structure'];

export interface Regime {
  readonly states: Readonly<Record<RegimeRegion, string>>;
  /** seqs of the `RegimeChanged` that stand; 0 where none was published in this log. */
  readonly seqs: Readonly<Record<RegimeRegion, number>>;
}

const WARMING: Regime = {
  states: { trend: 'warmingUp', volatility: 'warmingUp', structure: 'warmingUp' },
  seqs: { trend: 0, volatility: 0, structure: 0 },
};

export class Regimes {
  readonly #kernel: Kernel;
  readonly #market: MarketData;
  readonly #config: Config;
  readonly #hosts = new Map<string, Host>();
  readonly #standing = new Map<string, Regime>();

  constructor(kernel: Kernel, market: MarketData, config: Config, symbols: readonly string[]) {
    this.#kernel = kernel;
    this.#market = market;
    this.#config = config;
    for (const symbol of symbols) {
      const id = `regime-${symbol}`;
      const rules = configFor(config, symbol).regime;
      const host = new MachineHost(kernel, id, machineOf(rules), undefined);
      this.#hosts.set(symbol, host);
      kernel.carry(id, {
        save: () => host.save(),
        restore: (state) => {
          host.restore(state);
          this.#standing.set(symbol, {
            states: host.snapshot.value as Record<RegimeRegion, string>,
            seqs: WARMING.seqs,
          });
        },
      });
    }
    kernel.on(SplitApplied, 'regimes', ({ payload: { symbol, numerator, denominator } }) => {
      this.#hosts.get(symbol)?.send({ type: 'SPLIT', factor: denominator / numerator });
    });
    market.whenHistoryGrows((symbol) => this.#warmUp(symbol));
    kernel.onNotice(DayBarClosed, 'regimes', ({ payload }) => {
      const host = this.#hosts.get(payload.symbol);
      const reading = readRegime(market.history(payload.symbol), configFor(config, payload.symbol).regime);
      if (host !== undefined && reading !== undefined) this.#close(payload.symbol, host, reading);
    });
  }

  of(symbol: string): Regime {
    return this.#standing.get(symbol) ?? WARMING;
  }

  /**
   * Within the day, the fall since the last close against what a crash takes at a close, as log returns; failed by a
   * crash. Null while volatility is calm or there is too little history.
   */
  fallTest(symbol: string, px: number): DecisionTest | null {
    const { volatility } = this.of(symbol).states;
    if (volatility === 'calm' || volatility === 'warmingUp') return null;
    const { crashSigma, crashBars } = configFor(this.#config, symbol).regime.structure;
    const days = this.#market.history(symbol);
    const sigma = stdev(days.logReturn, crashBars);
    return sigma === undefined ? null : atMost('fall', log(days.close.ago(0) / px), crashSigma * sigma);
  }

  /** A close of before the session moves the machine and is no news. */
  #warmUp(symbol: string): void {
    const host = this.#hosts.get(symbol);
    const reading = readRegime(this.#market.history(symbol), configFor(this.#config, symbol).regime);
    if (host === undefined || reading === undefined) return;
    const states = host.send({ type: 'CLOSE', reading }).value as Record<RegimeRegion, string>;
    this.#standing.set(symbol, { states, seqs: this.of(symbol).seqs });
  }

  #close(symbol: string, host: Host, reading: RegimeReading): void {
    const before = this.of(symbol);
    const { value, context } = host.send({ type: 'CLOSE', reading });
    const states = value as Record<RegimeRegion, string>;
    const seqs = { ...before.seqs };
    for (const region of regions) {
      const from = before.states[region];
      const to = states[region];
      if (from === to) continue;
      const evidence = regimeEvidence(region, reading, context);
      seqs[region] = this.#kernel.publish(RegimeChanged.of({ evidence, from, region, symbol, to }));
    }
    this.#standing.set(symbol, { states, seqs });
  }
}
