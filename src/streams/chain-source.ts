/** Where the chain of a symbol comes from: settled before the first quote, by core and simulation alike. */
import { configFor, type RunSpec } from '../domain/config.ts';
import type { AssetClass } from '../domain/instrument.ts';
import { rootOf } from '../domain/options/contract-catalogue.ts';
import type { SessionStarted } from '../events/engine.events.ts';
import type { ChainSource } from './option-chains.ts';

export function chainSource(
  run: RunSpec,
  mode: SessionStarted['mode'],
  { symbol, assetClass }: { readonly symbol: string; readonly assetClass: AssetClass },
  isRecorded: boolean,
): ChainSource {
  const wanted = run.instruments === 'all' || run.hedge;
  if (run.profile !== 'quantos' || !wanted || assetClass === 'crypto' || assetClass === 'option')
    return 'none';
  const { chain } = configFor(run.config, symbol).options;
  if (chain === 'none') return 'none';
  if (chain !== 'modelled' && isRecorded) return 'recorded';
  const canBeNamed = rootOf(symbol) !== null;
  return chain !== 'recorded' && mode === 'sim' && canBeNamed ? 'modelled' : 'none';
}
