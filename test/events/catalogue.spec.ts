import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { canonicalJson } from '../../src/events/canonical.ts';
import { allDefinitions, definitionOf, UnknownEventError, upcast } from '../../src/events/catalogue.ts';
import type { EventDefinition } from '../../src/events/define-event.ts';
import { currentEventOf, rowOf } from '../../src/log/batch.ts';
import { arbitraryOf } from './arbitrary-of.ts';

const eventOf = ({ kind, type, version }: EventDefinition, payload: unknown) => ({
  seq: 7,
  kind,
  type,
  version,
  time: 5,
  recordedAt: 6,
  source: 'test',
  causation: 3,
  correlation: null,
  basis: [1, 2],
  payload,
  json: canonicalJson(payload),
});

describe('every event type', () => {
  for (const definition of allDefinitions) {
    test.prop([arbitraryOf(definition.schema)], { numRuns: 40 })(
      `${definition.type} survives encode, decode and upcast`,
      (payload) => {
        const event = eventOf(definition, payload);
        const back = currentEventOf(rowOf(event));
        expect(back.payload).toEqual(JSON.parse(JSON.stringify(payload)));
        expect({ ...back, payload: null }).toEqual({ ...event, payload: null });
        expect(canonicalJson(definition.schema.parse(back.payload))).toBe(event.json);
        expect(upcast(definition.type, definition.version, back.payload)).toEqual(back.payload);
      },
    );

    test(`${definition.type} has an upcast for every version before its own, and refuses a newer one`, () => {
      for (let version = 1; version < definition.version; version++)
        expect(definition.upcasts[version]).toBeTypeOf('function');
      const newer = definition.version + 1;
      expect(() => upcast(definition.type, newer, {})).toThrow(
        `${definition.type} has version ${newer}; this engine knows up to ${definition.version}: use a newer quantos`,
      );
    });
  }

  test('has a name of its own, in the past tense or the imperative, without spaces', () => {
    const types = allDefinitions.map(({ type }) => type);
    expect(new Set(types).size).toBe(types.length);
    for (const type of types) expect(type).toMatch(/^[A-Z][A-Za-z]+$/);
    expect(types.length).toBeGreaterThan(30);
  });

  test('that nobody defined is refused by name', () => {
    expect(() => definitionOf('OrderTeleported')).toThrow(UnknownEventError);
    expect(() => definitionOf('constructor')).toThrow('unknown event type "constructor"');
  });
});

describe('an older version', () => {
  test('is lifted step by step to the current one, and one without a step is refused', () => {
    const definition = definitionOf('OrderExpired') as unknown as {
      version: number;
      upcasts: Record<number, unknown>;
    };
    const { version, upcasts } = definition;
    try {
      definition.version = 4;
      definition.upcasts = {
        1: ({ id }: { id: number }) => ({ number: id }),
        2: ({ number }: { number: number }) => ({ ordinal: number, note: 'x' }),
        3: ({ ordinal }: { ordinal: number }) => ({ ordinal }),
      };
      for (const [from, payload] of [
        [1, { id: 7 }],
        [2, { number: 7 }],
        [3, { ordinal: 7, note: '' }],
        [4, { ordinal: 7 }],
      ] as const) {
        expect(upcast('OrderExpired', from, payload)).toEqual({ ordinal: 7 });
        const row = rowOf({ ...eventOf(definitionOf('OrderExpired'), payload), version: from });
        expect(currentEventOf(row)).toMatchObject({
          version: 4,
          payload: { ordinal: 7 },
          json: '{"ordinal":7}',
        });
      }
      delete definition.upcasts[2];
      expect(() => upcast('OrderExpired', 1, { id: 7 })).toThrow(
        'OrderExpired cannot be lifted from version 2',
      );
      expect(() => upcast('OrderExpired', 5, {})).toThrow(/use a newer quantos/);
    } finally {
      Object.assign(definition, { version, upcasts });
    }
  });

  test.prop([fc.integer({ max: 0 })])('below the first there is none', (version) => {
    expect(() => upcast('OrderExpired', version, {})).toThrow(UnknownEventError);
  });
});
