import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { FiveMinuteVolume, type VolumeReading } from '../../src/streams/five-minute-volume.ts';

const MINUTE = 60_000_000;
const START = Date.UTC(2024, 0, 2, 15) * 1_000;

const bar = (minute: number, volume: number, px = 100, open = px) => ({
  symbol: 'A',
  time: START + minute * MINUTE,
  open,
  high: Math.max(open, px),
  low: Math.min(open, px),
  close: px,
  volume,
  resolutionS: 60,
  seq: minute + 1,
});

function read(volumes: readonly number[], px: (minute: number) => number = () => 100): VolumeReading {
  const window = new FiveMinuteVolume();
  let last: VolumeReading | null = null;
  volumes.forEach((volume, i) => {
    last = window.add(bar(i, volume, px(i), px(i - 1)));
  });
  return last!;
}

const flat = (minutes: number, volume = 1_000) => Array.from({ length: minutes }, () => volume);

describe('five minutes of volume', () => {
  test('are one time the normal where nothing changes', () => {
    expect(read(flat(65)).multiplier).toBeCloseTo(1, 12);
  });

  test('are as many times the normal as they trade more', () => {
    expect(read([...flat(60), ...flat(5, 3_000)]).multiplier).toBeCloseTo(3, 12);
    expect(read([...flat(60), ...flat(4), 11_000]).multiplier).toBeCloseTo(3, 12);
  });

  test('say nothing before half an hour is known, or after an hour in which nothing traded', () => {
    expect(read(flat(34)).multiplier).toBeNull();
    expect(read(flat(35)).multiplier).not.toBeNull();
    expect(read([...flat(60, 0), ...flat(5)]).multiplier).toBeNull();
  });

  test('tell what the price did from their beginning to their end', () => {
    const { priceChange } = read(flat(70), (minute) => (minute < 65 ? 100 : 97));
    expect(priceChange).toBeCloseTo(-0.03, 12);
  });

  test('forget the night: the hour before the bell is not that of the day before', () => {
    const window = new FiveMinuteVolume();
    for (let i = 0; i < 65; i++) window.add(bar(i, 1_000));
    expect(window.add(bar(65 + 1_000, 9_000))!.multiplier).toBeNull();
  });

  test('take no bar twice, none that is late, and none that is longer than they are', () => {
    const window = new FiveMinuteVolume();
    window.add(bar(1, 1));
    expect(window.add(bar(1, 1))).toBeNull();
    expect(window.add(bar(0, 1))).toBeNull();
    expect(window.add({ ...bar(2, 1), resolutionS: 900 })).toBeNull();
  });

  test('go on after a session roll as if there had been none', () => {
    const whole = new FiveMinuteVolume();
    const first = new FiveMinuteVolume();
    const second = new FiveMinuteVolume();
    for (let i = 0; i < 62; i++) for (const each of [whole, first]) each.add(bar(i, 1_000 + i));
    second.restore(JSON.parse(JSON.stringify(first.save())));
    for (let i = 62; i < 80; i++) expect(second.add(bar(i, 5_000))).toEqual(whole.add(bar(i, 5_000)));
  });

  test.prop([
    fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 65, maxLength: 90 }),
    fc.double({ min: 0.25, max: 4, noNaN: true }),
  ])('count in any unit: a split changes nothing', (volumes, factor) => {
    const plain = read(volumes).multiplier;
    const window = new FiveMinuteVolume();
    let last: VolumeReading | null = null;
    volumes.forEach((volume, i) => {
      if (i === 40) window.rescale('A', factor);
      last = window.add(i < 40 ? bar(i, volume) : bar(i, volume / factor, 100 * factor));
    });
    if (plain === null) expect(last!.multiplier).toBeNull();
    else expect(last!.multiplier! / (plain || 1)).toBeCloseTo(plain === 0 ? 0 : 1, 9);
    expect(last!.priceChange).toBeCloseTo(0, 9);
  });
});
