/** Finds the demo's prices: the S&P 500 by day, 2000 to 2020, from vega-datasets or the copy the package ships. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../domain/input-error.ts';

const PLACES = [
  join('node_modules', 'vega-datasets', 'data', 'sp500-2000.csv'),
  join('dist', 'assets', 'sp500-2000.csv'),
];

/** The CSV file's path. Looks from this module upwards, since bundling moves it within the package. */
export function demoDatasetSource(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    for (const place of PLACES) {
      if (existsSync(join(folder, place))) return join(folder, place);
    }
    if (dirname(folder) === folder) {
      throw new InputError(
        'the demo data (sp500-2000.csv) is missing from this installation: install quantos again',
      );
    }
  }
}
