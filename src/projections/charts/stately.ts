/**
 * A machine's configuration as the JSON that Stately's visualizer and editor take, and XState's `createMachine`. Guards,
 * actions and delays are names in it; a context made from an input is shown as an example input makes it.
 */
import type { AnyStateMachine } from 'xstate';
import { entryOf, type MachineName } from './machine-catalogue.ts';

/** `input`: what the machine is given at its start, instead of the catalogue's example. */
export function statelyConfig(name: MachineName, input?: unknown): Record<string, unknown> {
  const { machine, input: example } = entryOf(name);
  return plainConfig(machine, input ?? example);
}

/** The whole configuration as plain JSON. Throws where a function stands that no name stands for. */
export function plainConfig(machine: AnyStateMachine, input: unknown): Record<string, unknown> {
  const { context, ...config } = machine.config;
  const made = typeof context === 'function' ? context({ input } as never) : context;
  const functions = functionsIn(config, '');
  if (functions.length > 0) throw new Error(`${machine.id} has unnamed functions: ${functions.join(', ')}`);
  const { id, ...rest } = config;
  return JSON.parse(JSON.stringify({ id, ...(made === undefined ? {} : { context: made }), ...rest }));
}

function functionsIn(value: unknown, path: string): string[] {
  if (typeof value === 'function') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    functionsIn(inner, path === '' ? key : `${path}.${key}`),
  );
}
