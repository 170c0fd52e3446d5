import { describe, expect, test } from 'vitest';
import { quantos, quantosJson } from './cli.ts';

const contract = '--spot 450 --strike 450 --days 60 --right call --rate 0.053 --yield 0.0153'.split(' ');

describe('quantos option', () => {
  test('finds the volatility of a price, with all its greeks', async () => {
    const found = await quantosJson('option', 'iv', ...contract, '--price', '23.753');
    expect(Object.keys(found)).toEqual(['impliedVol', 'price', 'delta', 'gamma', 'vega', 'theta', 'rho']);
    expect(found.impliedVol).toBeCloseTo(0.309, 2);
    expect(found.price).toBeCloseTo(23.753, 10);
  });

  test('prices at a volatility, and the two agree', async () => {
    const { impliedVol } = await quantosJson('option', 'iv', ...contract, '--price', '23.753');
    const priced = await quantosJson('option', 'price', ...contract, '--vol', String(impliedVol));
    expect(priced.price).toBeCloseTo(23.753, 10);
    expect(await quantosJson('option', 'greeks', ...contract, '--price', '23.753')).toEqual(priced);
  });

  test('knows American exercise', async () => {
    const put = ['option', 'price', ...contract, '--right', 'put', '--spot', '400', '--vol', '0.2'];
    const american = await quantosJson(...put, '--style', 'american');
    expect(american.price).toBeGreaterThan((await quantosJson(...put)).price);
    expect(american.price).toBeGreaterThanOrEqual(50);
  });

  test('prints a table with the units for people', async () => {
    const { stdout, exitCode } = await quantos('option', 'greeks', ...contract, '--vol', '0.2');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/volatility +20\.00 +% a year/);
    expect(stdout).toMatch(/theta +-0\.\d{4} +per calendar day/);
  });

  test('on the expiry day gives what exercise gives', async () => {
    const today = ['option', 'greeks', ...contract, '--days', '0', '--spot', '460', '--vol', '0.2'];
    expect(await quantosJson(...today)).toMatchObject({ price: 10, delta: 1, theta: 0 });
  });

  test.each<[price: string, reason: string, sentence: RegExp, ...more: string[]]>([
    ['2', 'belowIntrinsic', /less than exercise is worth/, '--strike', '400'],
    ['460', 'aboveMaximum', /as much as the option could ever be worth/],
    ['5', 'expired', /--days must be above 0/, '--days', '0'],
  ])('without a volatility says so: a price of %s is %s', async (price, reason, sentence, ...more) => {
    const { exitCode, stdout, stderr } = await quantos(
      'option',
      'iv',
      ...contract,
      ...more,
      '--price',
      price,
      '--json',
    );
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(JSON.parse(stdout)).toMatchObject({ impliedVol: null, delta: null, price: Number(price), reason });
  });

  test.each([
    ['--rate 5.3', /--rate is "5\.3"; write a fraction a year between -1 and 1/],
    ['--vol 20O', /--vol is "20O"; write a fraction a year/],
    ['--vol -1', /--vol is "-1"; write a fraction a year/],
    ['--spot 0', /--spot is "0"; write a number above 0/],
    ['--strike NaN', /--strike is "NaN"; write a number above 0/],
    ['--days -1', /--days is "-1"; write the days to expiry, 0 or more/],
    ['--right calls', /--right is "calls"; write call or put/],
    ['--style bermudan', /--style is "bermudan"; write european or american/],
    ['', /--vol and --price are both missing; write one of them/],
    ['--vol 0.2 --price 3', /'--vol <v>' cannot be used with option '--price <p>'/],
  ])('refuses "%s" with one sentence', async (more, sentence) => {
    const { exitCode, stdout, stderr } = await quantos(
      'option',
      'price',
      ...contract,
      ...more.split(' ').filter(Boolean),
    );
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(sentence);
  });

  test('shows an example under its help', async () => {
    for (const name of ['iv', 'price', 'greeks']) {
      expect((await quantos('option', name, '--help')).stdout).toContain(`$ quantos option ${name} --spot`);
    }
  });
});
