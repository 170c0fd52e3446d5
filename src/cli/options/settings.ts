/** `--set key=value`: a number of the configuration where the key begins with one of its sections, else a strategy's parameter. */
import type { z } from 'zod';
import { type Config, configFor, configSchema, mergeDeep } from '../../domain/config.ts';
import { wrongOrder } from '../../domain/config-order.ts';
import { InputError } from '../../domain/input-error.ts';
import { nearest } from '../../domain/nearest.ts';
import { schemaSentence } from '../../domain/schema-sentence.ts';

type Json = Record<string, unknown>;

export interface Settings {
  readonly config: Json;
  readonly params: Json;
}

const defaults = configSchema.parse({});
const sections = Object.keys(defaults).filter((name) => name !== 'symbols');

/** Every key of the configuration, `section.part.name`. */
const keys: readonly string[] = sections.flatMap((name) => leavesOf(name, defaults[name as keyof Config]));

function leavesOf(path: string, value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, each]) => leavesOf(`${path}.${name}`, each));
}

export function readSettings(settings: readonly string[]): Settings {
  let config: Json = {};
  const params: Json = {};
  for (const setting of settings) {
    const at = setting.indexOf('=');
    if (at < 1) throw new InputError(`--set is "${setting}"; write key=value, such as fast=20`);
    const key = setting.slice(0, at);
    const value = parsedValue(setting.slice(at + 1));
    const path = configPath(key);
    if (path === null) params[key] = value;
    else
      config = mergeDeep(
        config,
        path.reduceRight((inner: unknown, name) => ({ [name]: inner }), value),
      ) as Json;
  }
  return { config, params };
}

/** JSON where it is JSON, else the text itself. */
function parsedValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The way to a key in the configuration; null where it is none of its keys but a parameter's name. */
function configPath(key: string): string[] | null {
  const parts = key.split('.');
  if (parts.length === 1) return null;
  if (parts[0] === 'symbols') {
    // A symbol may hold dots itself: it ends where a section begins.
    const section = parts.findIndex((part, i) => i > 1 && sections.includes(part));
    if (section < 0) {
      throw new InputError(
        `--set ${key}: write symbols.SYMBOL.section.name, such as symbols.SPY.risk.symbolCap`,
      );
    }
    const rest = parts.slice(section);
    requireKey(rest.join('.'), key);
    return ['symbols', parts.slice(1, section).join('.'), ...rest];
  }
  if (sections.includes(parts[0])) requireKey(key, key);
  else if (nearest(parts[0], sections) === null) return null;
  else throw unknownKey(key, key);
  return parts;
}

function requireKey(path: string, asWritten: string): void {
  if (!keys.includes(path)) throw unknownKey(path, asWritten);
}

function unknownKey(path: string, asWritten: string): InputError {
  const inside = keys.filter((each) => each.startsWith(`${path}.`));
  const near = nearest(path, keys);
  const right =
    inside.length > 0
      ? `that is a section; its keys are ${inside.join(', ')}`
      : near !== null
        ? `did you mean ${near}?`
        : `the sections are ${sections.join(', ')}`;
  return new InputError(`--set ${asWritten}: the configuration has no such key; ${right}`);
}

/** The validated configuration; `where` names its origin in a sentence. Overrides by symbol are checked, too. */
export function checkedConfig(config: unknown, where: string): Config {
  const parsed = configSchema.safeParse(config);
  if (!parsed.success) throw new InputError(schemaSentence(parsed.error, where, config, keys));
  requireOrder(parsed.data, where);
  for (const symbol of Object.keys(parsed.data.symbols)) {
    try {
      requireOrder(configFor(parsed.data, symbol), `${where}, symbols.${symbol}`);
    } catch (error) {
      if (error instanceof InputError) throw error;
      const overrides = parsed.data.symbols[symbol];
      throw new InputError(
        schemaSentence(error as z.ZodError, `${where}, symbols.${symbol}`, overrides, keys),
      );
    }
  }
  return parsed.data;
}

function requireOrder(config: Config, where: string): void {
  const wrong = wrongOrder(config);
  if (wrong !== null) throw new InputError(`${where}: ${wrong}`);
}
