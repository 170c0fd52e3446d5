/** Random payloads of an event, read off its own schema: a type added tomorrow is tested without a line here. */
import fc from 'fast-check';
import type { z } from 'zod';

/** The parts of a zod schema's definition that are read here. */
interface Def {
  readonly type: string;
  readonly shape: Record<string, z.ZodType>;
  readonly element: z.ZodType;
  readonly items: readonly z.ZodType[];
  readonly innerType: z.ZodType;
  readonly keyType: z.ZodType;
  readonly valueType: z.ZodType;
  readonly options: readonly z.ZodType[];
  readonly entries: Record<string, string>;
  readonly values: readonly unknown[];
  readonly getter: () => z.ZodType;
}

const defOf = (schema: z.ZodType): Def => (schema as unknown as { def: Def }).def;

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
/** zod leaves a key named __proto__ out of a record, so no payload that was checked has one. */
const isKept = (text: string) => !text.includes('__proto__');
const prices = fc.double({ noNaN: true, noDefaultInfinity: true });
const integers = fc.oneof(fc.integer(), fc.maxSafeInteger());

function candidates(schema: z.ZodType): fc.Arbitrary<unknown> {
  const def = defOf(schema);
  switch (def.type) {
    case 'object': {
      const fields = Object.entries(def.shape);
      return fc.record(Object.fromEntries(fields.map(([key, each]) => [key, arbitraryOf(each)])), {
        // What may be left out is left out, never undefined: no log could hold that.
        requiredKeys: fields.filter(([, each]) => defOf(each).type !== 'optional').map(([key]) => key),
      });
    }
    case 'array':
      return fc.array(arbitraryOf(def.element), { maxLength: 3 });
    case 'tuple':
      return fc.tuple(...def.items.map(arbitraryOf));
    case 'record':
      return fc.dictionary(text.filter(isKept), arbitraryOf(def.valueType), { maxKeys: 3 });
    case 'nullable':
      return fc.option(arbitraryOf(def.innerType));
    case 'optional':
    case 'default':
    case 'prefault':
      return arbitraryOf(def.innerType);
    case 'union':
      return fc.oneof(...def.options.map(arbitraryOf));
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries));
    case 'literal':
      return fc.constantFrom(...def.values);
    case 'string':
      return fc.oneof(text, fc.constantFrom('2024-01-02', '2000-02-29'));
    case 'number':
      return fc.oneof(
        integers,
        fc.integer({ min: 0, max: 100 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        prices,
      );
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'lazy':
      return fc.jsonValue({ maxDepth: 2 }).filter((value) => isKept(JSON.stringify(value)));
    default:
      throw new Error(`no arbitrary for a schema of type ${def.type}`);
  }
}

/** Values the schema accepts, as they are before it fills any default in. */
export const arbitraryOf = (schema: z.ZodType): fc.Arbitrary<unknown> => {
  const leaf = ['string', 'number'].includes(defOf(schema).type);
  return leaf ? candidates(schema).filter((value) => schema.safeParse(value).success) : candidates(schema);
};
