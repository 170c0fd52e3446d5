/** Finds a strategy by name, or loads a user's own file by path, and checks its parameters. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tsImport } from 'tsx/esm/api';
import type { RunSpec } from '../src/domain/config.ts';
import { InputError } from '../src/domain/input-error.ts';
import { schemaSentence } from '../src/domain/schema-sentence.ts';
import { builtInStrategies } from '../src/strategies/built-in.ts';
import type { Strategy } from '../src/streams/strategy.ts';

export interface LoadedStrategy {
  readonly strategy: Strategy;
  /** What the manifest says of it, parameters checked and completed. */
  readonly spec: RunSpec['strategy'];
}

/** A path rather than the name of a built-in. */
export const looksLikeFile = (name: string): boolean => /[\\/]|\.[cm]?[jt]s$/.test(name);

/** `name` is a built-in's name or a path to a JavaScript or TypeScript file whose default export is a strategy. */
export async function loadStrategy(
  name: string,
  params: Readonly<Record<string, unknown>>,
): Promise<LoadedStrategy> {
  const file = looksLikeFile(name) ? resolve(name) : null;
  const strategy = file === null ? builtIn(name) : await fromFile(name, file);
  const sha256 = file === null ? null : createHash('sha256').update(readFileSync(file)).digest('hex');
  return { strategy, spec: { name: strategy.name, file, sha256, params: checked(strategy, params) } };
}

/** The strategy a recorded session ran, for its replay. A user's file must be there; its digest is compared by the caller. */
export const reloadStrategy = (spec: RunSpec['strategy']): Promise<LoadedStrategy> =>
  loadStrategy(spec.file ?? spec.name, spec.params);

function builtIn(name: string): Strategy {
  const found = builtInStrategies.get(name);
  if (found !== undefined) return found;
  const names = [...builtInStrategies.keys()].join(', ');
  throw new InputError(`unknown strategy "${name}"; built in are ${names}, or give the path of a file`);
}

async function fromFile(name: string, file: string): Promise<Strategy> {
  if (!existsSync(file)) throw new InputError(`strategy file ${name} does not exist`);
  let module: { default?: unknown };
  try {
    module = /\.[cm]?ts$/.test(file)
      ? await tsImport(pathToFileURL(file).href, import.meta.url)
      : await import(pathToFileURL(file).href);
  } catch (error) {
    // The compiler names the place on its second line.
    const [first, second] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new InputError(`strategy file ${name} cannot be loaded: ${first.endsWith(':') ? second : first}`);
  }
  // A CommonJS file arrives with its exports one level down.
  const exported = (module.default as { default?: unknown } | undefined)?.default ?? module.default;
  if (isStrategy(exported)) return exported;
  throw new InputError(
    `strategy file ${name} has no strategy as its default export; write: export default defineStrategy({ ... })`,
  );
}

const isStrategy = (value: unknown): value is Strategy =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Strategy).name === 'string' &&
  typeof (value as Strategy).signals === 'function' &&
  typeof (value as Strategy).params?.safeParse === 'function';

function checked(
  strategy: Strategy,
  params: Readonly<Record<string, unknown>>,
): RunSpec['strategy']['params'] {
  const parsed = strategy.params.safeParse(params);
  if (parsed.success) return parsed.data as RunSpec['strategy']['params'];
  const names = Object.keys((strategy.params as { shape?: object }).shape ?? {});
  const takes = names.length === 0 ? 'it takes no parameters' : `its parameters are ${names.join(', ')}`;
  throw new InputError(
    `${schemaSentence(parsed.error, `strategy ${strategy.name}`, params, names)} (${takes})`,
  );
}
