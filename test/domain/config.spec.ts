import { describe, expect, test } from 'vitest';
import { configFor, configSchema, mergeDeep } from '../../src/domain/config.ts';

const defaults = configSchema.parse({});
const sections = Object.keys(defaults).filter((name) => !['symbols', 'events'].includes(name));

test('the defaults are a configuration of their own, and a part of one leaves the rest as it is', () => {
  expect(configSchema.parse(defaults)).toEqual(defaults);
  const { risk } = configSchema.parse({ risk: { symbolCap: 0.1 } });
  expect(risk).toEqual({ ...defaults.risk, symbolCap: 0.1 });
});

test.each([
  ...sections,
  'regime.trend',
  'regime.volatility',
  'regime.structure',
  'conviction.weights',
  'selector.option',
  'options.model',
  '',
])('an unknown key in "%s" is refused by its name', (path) => {
  const inner = path.split('.').filter(Boolean);
  const config = inner.reduceRight<object>((value, name) => ({ [name]: value }), { smaFst: 50 });
  const { issues } = configSchema.safeParse(config).error!;
  expect(issues).toEqual([
    expect.objectContaining({ code: 'unrecognized_keys', keys: ['smaFst'], path: inner }),
  ]);
});

test.each([
  { risk: { symbolCap: '0.4' } },
  { risk: { symbolCap: 0 } },
  { risk: { buyingPowerShare: 1.01 } },
  { risk: { rejectsInARow: 1.5 } },
  { regime: { trend: { smaFast: 0 } } },
  { regime: { trend: null } },
  { selector: { equityConviction: Number.NaN } },
  { exchange: { halfSpread: -0.0001 } },
  { feed: { farFactor: Number.POSITIVE_INFINITY } },
  { symbols: { A: { risk: undefined, selector: () => 1 } } },
])('%j is refused', (config) => {
  expect(configSchema.safeParse(config).success).toBe(false);
});

describe('overrides of a symbol', () => {
  const config = configSchema.parse({
    selector: { stopAtr: 3 },
    symbols: { A: { selector: { riskPerTrade: 0.02 }, regime: { trend: { smaFast: 10 } } } },
  });

  test('are laid over the general numbers, of that symbol alone', () => {
    const { selector, regime, risk } = configFor(config, 'A');
    expect(selector).toEqual({ ...defaults.selector, stopAtr: 3, riskPerTrade: 0.02 });
    expect(regime.trend).toEqual({ ...defaults.regime.trend, smaFast: 10 });
    expect([regime.volatility, risk]).toEqual([defaults.regime.volatility, defaults.risk]);
    expect(configFor(config, 'B')).toBe(config);
  });

  test('leave the general numbers untouched', () => {
    const before = structuredClone(config);
    configFor(config, 'A');
    expect(config).toEqual(before);
  });

  test.each([{ selectr: {} }, { selector: { stopAtrs: 3 } }, { selector: { stopAtr: -3 } }, { selector: 3 }])(
    '%j is refused as it would be for all symbols',
    (over) => {
      const parsed = configSchema.safeParse({ symbols: { A: over } });
      expect(() => configFor(parsed.data!, 'A')).toThrow();
    },
  );

  test.each(['constructor', 'toString', '__proto__'])('a symbol named %s has none', (symbol) => {
    expect(configFor(config, symbol)).toBe(config);
  });
});

test('objects merge, lists and plain values replace, and nothing given is changed', () => {
  const base = Object.freeze({ a: Object.freeze({ x: 1, y: 2 }), list: Object.freeze([1, 2]), n: 1 });
  expect(mergeDeep(base, { a: { y: 3, z: null }, list: [9], n: {} })).toEqual({
    a: { x: 1, y: 3, z: null },
    list: [9],
    n: {},
  });
});
