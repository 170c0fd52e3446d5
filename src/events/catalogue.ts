/** Every event type the engine knows, and the way from stored bytes to a current payload. */
import * as account from './account.events.ts';
import * as decisions from './decision.events.ts';
import type { EventDefinition } from './define-event.ts';
import * as engine from './engine.events.ts';
import * as feeds from './feed.events.ts';
import * as intel from './intel.events.ts';
import * as market from './market.events.ts';
import * as options from './option.events.ts';
import * as orders from './order.events.ts';

const isDefinition = (value: unknown): value is EventDefinition =>
  typeof value === 'object' && value !== null && 'schema' in value && 'of' in value;

const definitions = [market, feeds, orders, options, account, decisions, intel, engine].flatMap((family) =>
  Object.values(family).filter(isDefinition),
);

const byType: ReadonlyMap<string, EventDefinition> = new Map(definitions.map((each) => [each.type, each]));

export const allDefinitions: readonly EventDefinition[] = definitions;

export class UnknownEventError extends Error {}

export function definitionOf(type: string): EventDefinition {
  const found = byType.get(type);
  if (found === undefined) throw new UnknownEventError(`unknown event type "${type}"`);
  return found;
}

/** Lifts a stored payload of any released version to the current one. Throws for a version newer than this engine. */
export function upcast(type: string, version: number, payload: unknown): unknown {
  const definition = definitionOf(type);
  if (version > definition.version) {
    throw new UnknownEventError(
      `${type} has version ${version}; this engine knows up to ${definition.version}: use a newer quantos`,
    );
  }
  let current = payload;
  for (let from = version; from < definition.version; from++) {
    const lift = definition.upcasts[from];
    if (lift === undefined) throw new UnknownEventError(`${type} cannot be lifted from version ${from}`);
    current = lift(current as never);
  }
  return current;
}
