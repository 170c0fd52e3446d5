import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { fitChainModel } from '../../scripts/fit-chain-model.ts';
import { configSchema } from '../../src/domain/config.ts';

const shared = (name: string) => fileURLToPath(new URL(`../../../shared/data/${name}`, import.meta.url));
const index = shared('sp500/sp500-2000.csv');
const vix = shared('vix-daily/vix-daily.csv');

test.skipIf(!existsSync(index) || !existsSync(vix))(
  'the fit of VIX on sp500-2000.csv and vix-daily.csv gives the coefficients that are the defaults, and its shares explained',
  () => {
    const { coefficients, days, from, to, r2, r2OutOfSample } = fitChainModel(index, vix);
    expect([days, from, to]).toEqual([4779, '2001-01-02', '2019-12-31']);
    const { model } = configSchema.parse({}).options;
    for (const [name, value] of Object.entries(coefficients)) {
      expect(Number(value.toFixed(3)), name).toBe(model[name as keyof typeof coefficients]);
    }
    expect(r2).toBeCloseTo(0.92, 2);
    expect(r2OutOfSample).toBeCloseTo(0.71, 2);
  },
);
