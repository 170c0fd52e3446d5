/** The Intel Bus within a process: it keeps the newest of each key until it expires, and throws at nobody. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IntelBus, IntelPublisher, IntelReader } from '../../src/bus/intel-bus.ts';

const START = 1_790_000_000_000_000;

function opened() {
  let now = START;
  const bus = new IntelBus(() => now);
  return {
    bus,
    publisher: new IntelPublisher(bus),
    reader: new IntelReader(bus),
    pass: (seconds: number) => {
      now += seconds * 1e6;
    },
  };
}
const by = { sourceSystem: 'research' };

test('what is published is read at once, and no more when its time is over', () => {
  const { publisher, reader, pass, bus } = opened();
  expect(reader.read('intel:fed_bias')).toBeNull();
  publisher.publish('intel:fed_bias', 'dovish', { ...by, confidence: 0.5 });
  publisher.publish('desk:mood', { calm: true }, { ...by, ttlSeconds: 10 });
  expect(reader.read('intel:fed_bias')).toEqual({
    value: 'dovish',
    source_system: 'research',
    timestamp: START / 1e6,
    confidence: 0.5,
  });
  pass(10);
  expect(reader.read('desk:mood')).toBeNull();
  expect(bus.entries()).toMatchObject([{ key: 'intel:fed_bias', origin: 'process', ageS: 10, ttlS: 290 }]);
  pass(290);
  expect(reader.read('intel:fed_bias')).toBeNull();
  expect(bus.entries()).toEqual([]);
});

test('the newest counts, and whoever listens hears each until it ends that', () => {
  const { publisher, reader, bus } = opened();
  const heard: unknown[] = [];
  bus.onChange(() => {
    throw new Error('a fault of a listener');
  });
  const forget = bus.onChange(({ payload }) => heard.push(payload.value));
  publisher.publish('desk:mood', 1, by);
  publisher.publish('desk:mood', 2, by);
  forget();
  publisher.publish('desk:mood', 3, by);
  expect(heard).toEqual([1, 2]);
  expect(reader.read('desk:mood')?.value).toBe(3);
});

test('a value cannot be changed after it was published, neither by its publisher nor by a reader', () => {
  const { publisher, reader } = opened();
  const value = { list: [1] };
  publisher.publish('desk:mood', value, by);
  value.list.push(2);
  expect(reader.read('desk:mood')?.value).toEqual({ list: [1] });
  expect(() => (reader.read('desk:mood')!.value as { list: number[] }).list.push(3)).toThrow(TypeError);
});

test.each([
  ['__proto__', 1, by, /__proto__/],
  ['a b', 1, by, /without spaces/],
  ['desk:mood', undefined, by, /undefined/],
  ['desk:mood', Number.NaN, by, /finite/],
  ['desk:mood', new Date(0), by, /Date/],
  ['desk:mood', 'x'.repeat(70_000), by, /longer than 65536/],
  ['desk:mood', 1, { sourceSystem: '' }, /source_system/],
  ['desk:mood', 1, { ...by, confidence: 1.5 }, /confidence is 1.5/],
  ['desk:mood', 1, { ...by, confidence: Number.NaN }, /finite|confidence/],
  ['desk:mood', 1, { ...by, ttlSeconds: 301 }, /1 to 300/],
  ['desk:mood', 1, { ...by, ttlSeconds: 0.5 }, /1 to 300/],
  ['intel:social_score', 7, by, /-1 to 1/],
])('%s as %j by %j is refused in a sentence', (key, value, options, sentence) => {
  const { publisher, reader } = opened();
  expect(publisher.publish(key, value, options)).toEqual({ refused: expect.stringMatching(sentence) });
  expect(reader.read(key)).toBeNull();
});

test('it holds 256 keys, and others when those have expired', () => {
  const { publisher, reader, pass, bus } = opened();
  for (let n = 0; n < 300; n++) publisher.publish(`desk:${n}`, n, by);
  expect(bus.entries()).toHaveLength(256);
  expect(publisher.publish('desk:256', 1, by)).toEqual({ refused: expect.stringContaining('256 keys') });
  expect(publisher.publish('desk:7', 1, by)).not.toHaveProperty('refused');
  pass(300);
  publisher.publish('desk:256', 1, by);
  expect(reader.read('desk:256')?.value).toBe(1);
});

test('whatever is published is read as it was meant, or refused, and never thrown', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.anything({ withBigInt: true, withDate: true, withMap: true }),
      (key, value) => {
        const { publisher, reader } = opened();
        const said = publisher.publish(key, value, by);
        if ('refused' in said) expect(reader.read(key)).toBeNull();
        else expect(reader.read(key)).toBe(said);
      },
    ),
    { numRuns: 1_000 },
  );
});
