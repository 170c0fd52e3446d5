/** The simulated exchange as a run's configuration describes it. */
import {
  type ExchangeJson,
  type ExchangeOptions,
  SimulatedExchange,
} from '../adapters/simulated-exchange/simulated-exchange.ts';
import { configFor, type RunSpec } from '../domain/config.ts';
import { toMicros } from '../domain/money.ts';
import type { ContractCatalogue } from '../domain/options/contract-catalogue.ts';
import type { ChainModeller } from './chain-modeller.ts';

interface ExchangeParts {
  readonly catalogue: ContractCatalogue;
  readonly multiplierOf: (symbol: string) => number | undefined;
  /** Null where no chain is modelled. */
  readonly modeller: ChainModeller | null;
  /** What the account holds at the start, where that is not the run's cash alone. */
  readonly ledger?: ExchangeOptions['ledger'];
}

export function exchangeOf(
  run: RunSpec,
  { catalogue, multiplierOf, modeller, ledger }: ExchangeParts,
  carried?: ExchangeJson,
): SimulatedExchange {
  const { execution, commission, seed, cash, allowShort, config } = run;
  return new SimulatedExchange(
    {
      execution,
      commission,
      seed,
      cashMicros: toMicros(cash),
      ledger,
      allowShort,
      configOf: (symbol) => configFor(config, catalogue.get(symbol)?.underlying ?? symbol).exchange,
      multiplierOf: (symbol) => multiplierOf(symbol) ?? 1,
      contractOf: (symbol) => catalogue.get(symbol),
      optionQuote: (symbol, spot, at) => modeller?.quote(symbol, spot, at) ?? null,
      optionVol: (symbol, spot, at) => modeller?.vol(symbol, spot, at) ?? null,
      ratesOf: (symbol) => configFor(config, symbol).options,
      defineContract: (contract) => catalogue.define(contract),
    },
    carried,
  );
}
