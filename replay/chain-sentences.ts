/** What a person must know of a run's option chains: recorded or modelled, and every number of the model. */
import { configFor, configSchema, type OptionsConfig, type RunSpec } from '../src/domain/config.ts';
import { LISTED_REACH } from '../src/domain/options/chain-model.ts';
import { rootOf, termsOf } from '../src/domain/options/contract-catalogue.ts';
import type { Dataset } from '../src/engine/market-source.ts';
import { decidedSymbols } from '../src/engine/simulation.ts';
import { chainSource } from '../src/streams/chain-source.ts';
import type { ChainSource } from '../src/streams/option-chains.ts';

const percent = (share: number): string => `${Number((share * 100).toFixed(6))} %`;
const listed = (symbols: readonly string[]): string =>
  symbols.length > 5
    ? `${symbols.slice(0, 5).join(', ')} and ${symbols.length - 5} more`
    : symbols.join(', ');

export function chainSentences(run: RunSpec, datasets: readonly Dataset[]): string[] {
  if (run.profile !== 'quantos' || (run.instruments === 'equity' && !run.hedge)) return [];
  const definitions = datasets.flatMap(({ symbols }) => symbols);
  const contracts = datasets.flatMap((dataset) => dataset.contracts ?? []);
  const recorded = new Set(contracts.map(({ underlying }) => underlying));
  const bySource: Record<ChainSource, string[]> = { recorded: [], modelled: [], none: [] };
  for (const symbol of decidedSymbols(definitions, run)) {
    const definition = definitions.find((each) => each.symbol === symbol)!;
    bySource[chainSource(run, 'sim', definition, recorded.has(symbol))].push(symbol);
  }
  const sentences: string[] = [];
  if (bySource.recorded.length > 0) {
    sentences.push(
      `Options on ${listed(bySource.recorded)} trade on recorded chains (${recordedCount(contracts, bySource.recorded)} contracts); an order waits for its contract's next quote.`,
    );
  }
  for (const [symbols, options] of byModel(run, bySource.modelled))
    sentences.push(...model(symbols, options));
  if (bySource.none.length > 0) {
    sentences.push(`There are no option chains on ${listed(bySource.none)}: no options are traded on them.`);
  }
  return sentences;
}

const recordedCount = (
  contracts: readonly { readonly underlying: string }[],
  underlyings: readonly string[],
): number => contracts.filter(({ underlying }) => underlyings.includes(underlying)).length;

const termsOfSymbol = (symbol: string, options: OptionsConfig) =>
  termsOf(rootOf(symbol) ?? symbol, symbol, options);

/** Symbols whose options are modelled alike. */
function byModel(run: RunSpec, symbols: readonly string[]): (readonly [string[], OptionsConfig])[] {
  const groups = new Map<string, [string[], OptionsConfig]>();
  for (const symbol of symbols) {
    const { options } = configFor(run.config, symbol);
    const key = JSON.stringify([options, { ...termsOfSymbol(symbol, options), underlying: null }]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [[symbol], options]);
    else group[0].push(symbol);
  }
  return [...groups.values()];
}

function model(symbols: readonly string[], options: OptionsConfig): string[] {
  const { model: m, rate, dividendYield } = options;
  const { multiplier, style, settlement, tickClass } = termsOfSymbol(symbols[0], options);
  const term =
    m.termExponent === 0 ? 'alike for all expiries' : `times (days to expiry / 30)^${m.termExponent}`;
  return [
    `Options on ${listed(symbols)} are MODELLED, not recorded: monthly expiries (third Fridays), strikes ${m.strikeStep} dollars apart up to ${percent(LISTED_REACH)} from the price, multiplier ${multiplier}, ${style}, settled ${settlement === 'cash' ? 'in cash' : 'in shares'}, open interest ${m.openInterest}.`,
    `Their at-the-money volatility is ${volatility(options)}.`,
    `The volatility at a strike K is that times clip(1 - ${m.skew} ln(K / price), ${m.skewMin}, ${m.skewMax}), ${term}.`,
    `They are valued by Black-Scholes-Merton, as if European, at a rate of ${percent(rate)} and a dividend yield of ${percent(dividendYield)}, and quoted max(${m.halfSpreadMin} dollars, ${percent(m.halfSpreadShare)}) to each side, rounded away on their price grid (${tickClass}).`,
  ];
}

function volatility({ vixSymbol, vixShare, model: m }: OptionsConfig): string {
  const terms = [
    [m.parkinson5, 'ln park5'],
    [m.realized22, 'ln rv22'],
    [m.realized66, 'ln rv66'],
    [m.realized252, 'ln rv252'],
    [m.return5, 'r5'],
    [m.return22, 'r22'],
  ] as const;
  const sum = terms
    .map(([factor, name]) => `${factor < 0 ? '-' : '+'} ${Math.abs(factor)} ${name}`)
    .join(' ');
  const fitted = `${vixShare} times the volatility index that a fit expects: ln index = ${m.intercept} ${sum}${fitNote(m)}`;
  return vixSymbol === null
    ? fitted
    : `${vixShare} times the close of ${vixSymbol}, or on days without one ${fitted}`;
}

const defaults = configSchema.parse({}).options.model;

/** How good the fit is, said of the coefficients it is true of. */
function fitNote(model: OptionsConfig['model']): string {
  const fitted = [
    'intercept',
    'parkinson5',
    'realized22',
    'realized66',
    'realized252',
    'return5',
    'return22',
  ] as const;
  return fitted.every((name) => model[name] === defaults[name])
    ? ' (fitted to the VIX of 2001 to 2019: R2 0.92 in sample; fitted to the years before 2012 only, 0.71 on those after)'
    : ' (coefficients of your own)';
}
