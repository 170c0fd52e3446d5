import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { civilDay } from '../../../src/domain/exchange-calendar.ts';
import {
  type OccFields,
  parseCompactOcc,
  parseOcc,
  printOcc,
} from '../../../src/domain/options/occ-symbol.ts';

const DAY_US = 86_400_000_000;
const fields: fc.Arbitrary<OccFields> = fc.record({
  root: fc.stringMatching(/^[A-Z][A-Z0-9]{0,5}$/),
  expiry: fc.integer({ min: 10_957, max: 47_481 }).map((n) => civilDay(n * DAY_US)), // 2000..2099
  right: fc.constantFrom('call' as const, 'put' as const),
  strike: fc.integer({ min: 1, max: 99_999_999 }).map((n) => n / 1000),
});
const spy: OccFields = { root: 'SPY', expiry: '2011-03-19', right: 'call', strike: 130 };
const reasonOf = (text: string) => {
  const parsed = parseOcc(text);
  return parsed.ok ? 'accepted' : parsed.reason;
};

describe('an OCC symbol', () => {
  test('has 21 characters: root, date, right, strike', () => {
    expect(printOcc(spy)).toBe('SPY   110319C00130000');
    expect(printOcc({ root: 'GOOGL1', expiry: '2024-02-29', right: 'put', strike: 0.001 })).toBe(
      'GOOGL1240229P00000001',
    );
    expect(parseOcc('BRKB  991231P00312505')).toEqual({
      ok: true,
      root: 'BRKB',
      expiry: '2099-12-31',
      right: 'put',
      strike: 312.505,
    });
  });

  test.prop([fields])('reads back as what was printed, padded or compact', (given) => {
    const text = printOcc(given);
    expect(text).toHaveLength(21);
    expect(parseOcc(text)).toEqual({ ok: true, ...given });
    expect(parseCompactOcc(text.replaceAll(' ', ''))).toEqual({ ok: true, ...given });
  });

  test.prop([fields, fc.nat(20), fc.stringMatching(/^[ -~]$/)])(
    'with one character changed is refused with a reason, or is the symbol of another contract',
    (given, place, character) => {
      const text = printOcc(given);
      const changed = text.slice(0, place) + character + text.slice(place + 1);
      const parsed = parseOcc(changed);
      if (parsed.ok) expect(printOcc(parsed)).toBe(changed);
      else expect(parsed.reason).toContain(`"${changed}"`);
    },
  );

  test.each([
    ['SPY110319C00130000', '18 characters; it has 21'],
    ['SPY   110319C001300000', '22 characters; it has 21'],
    ['', '0 characters'],
    ['SPY   110230C00130000', 'expiry "110230" is no day'],
    ['SPY   101302C00130000', 'expiry "101302" is no day'],
    ['SPY   1103 9C00130000', 'expiry "1103 9" is no day'],
    ['SPY   110319C00000000', 'strike 0; it is above 0'],
    ['SPY   110319C0013000.', 'strike "0013000."'],
    ['SPY   110319C-0130000', 'strike "-0130000"'],
    ['SPY   110319c00130000', '"c" at place 13; it is C or P'],
    ['spy   110319C00130000', 'root "spy   "'],
    ['BRK.B 110319C00130000', 'root "BRK.B "'],
    [' SPY  110319C00130000', 'root " SPY  "'],
    ['S PY  110319C00130000', 'root "S PY  "'],
    ['      110319C00130000', 'root "      "'],
    ['123456110319C00130000', 'root "123456"'],
  ])('is refused as %j: %s', (text, reason) => {
    expect(reasonOf(text)).toContain(reason);
    expect(reasonOf(text)).toContain(`option symbol "${text}": `);
  });

  test('is never printed from what it cannot hold', () => {
    for (const root of ['', 'spy', 'BRK.B', 'TOOLONG']) {
      expect(() => printOcc({ ...spy, root })).toThrow(`root "${root}"`);
    }
    for (const expiry of ['1999-12-31', '2100-01-01', '2023-02-29', '20110319']) {
      expect(() => printOcc({ ...spy, expiry })).toThrow(`expiry "${expiry}"`);
    }
    for (const strike of [0, -5, 12.3456, 100_000, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => printOcc({ ...spy, strike })).toThrow(`strike ${strike}`);
    }
  });
});

describe('the compact form', () => {
  test('is the same without the padding', () => {
    expect(parseCompactOcc('SPY110319C00130000')).toEqual({ ok: true, ...spy });
    expect(parseCompactOcc('AAPL1240119P00007500')).toMatchObject({ root: 'AAPL1', expiry: '2024-01-19' });
  });

  test.each(['SPY   110319C00130000', '110319C00130000', 'TOOLONG110319C00130000', 'SPY', ''])(
    'is not %j',
    (text) => {
      expect(parseCompactOcc(text)).toMatchObject({
        ok: false,
        reason: expect.stringContaining(`"${text}": it has 16 to 21 characters and no space`),
      });
    },
  );

  test('is refused for the reasons of the padded one', () => {
    expect(parseCompactOcc('SPY110230C00130000')).toMatchObject({
      ok: false,
      reason: expect.stringContaining('expiry "110230" is no day'),
    });
  });
});
