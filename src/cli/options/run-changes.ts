/** A recorded session's run with parts of it set otherwise: what `whatif` asks about. */

import { loadStrategy } from '../../../replay/strategy-loader.ts';
import type { ChangedRun } from '../../../replay/what-if.ts';
import { mergeDeep, type RunSpec, runSpecSchema } from '../../domain/config.ts';
import { InputError } from '../../domain/input-error.ts';
import type { SessionStarted } from '../../events/engine.events.ts';
import { requireThatItWires } from './run-options.ts';
import { checkedConfig, readSettings } from './settings.ts';

export interface RunChanges {
  readonly strategy?: string;
  readonly set?: readonly string[];
  readonly instruments?: RunSpec['instruments'];
  readonly hedge?: 'on' | 'off';
}

/** Null where nothing is asked for. Throws InputError where the session already is as asked. */
export async function changedRun(
  changes: RunChanges,
  { run, symbols }: SessionStarted,
): Promise<ChangedRun | null> {
  const { strategy: named, set = [], instruments, hedge } = changes;
  const label = [
    ...(named === undefined ? [] : [`strategy=${named}`]),
    ...set,
    ...(instruments === undefined ? [] : [`instruments=${instruments}`]),
    ...(hedge === undefined ? [] : [`hedge=${hedge}`]),
  ].join(', ');
  if (label === '') return null;
  const settings = readSettings(set);
  // Parameters belong to the strategy they were given to.
  const params = named === undefined || named === run.strategy.name ? run.strategy.params : {};
  const { strategy, spec } = await loadStrategy(named ?? run.strategy.file ?? run.strategy.name, {
    ...params,
    ...settings.params,
  });
  const changed: RunSpec = runSpecSchema.parse({
    ...run,
    strategy: spec,
    config: checkedConfig(mergeDeep(run.config, settings.config), '--set'),
    instruments: instruments ?? run.instruments,
    hedge: hedge === undefined ? run.hedge : hedge === 'on',
  });
  const stranger = Object.keys(changed.config.symbols).find((symbol) => !symbols.includes(symbol));
  if (stranger !== undefined) {
    throw new InputError(
      `--set names ${stranger}, on which the session decides nothing; it decides on ${symbols.join(', ')}`,
    );
  }
  if (JSON.stringify(changed) === JSON.stringify(run)) {
    throw new InputError(`the session was run with ${label}; ask for something it was not run with`);
  }
  requireThatItWires(changed, strategy, symbols);
  return { run: changed, strategy, label };
}
