import { defineConfig } from 'tsdown';

/** The package: ES modules with their types, the demo's one file of market data beside its licence, and its setup to copy from. */
export default defineConfig({
  entry: { index: 'src/index.ts', 'testing/index': 'src/testing/index.ts', 'cli/main': 'src/cli/main.ts' },
  outDir: 'dist',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  fixedExtension: false,
  dts: true,
  copy: [
    { from: 'node_modules/vega-datasets/data/sp500-2000.csv', to: 'dist/assets' },
    { from: 'src/cli/demo.config.json', to: 'dist/assets' },
    { from: 'THIRD-PARTY-NOTICES.md', to: 'dist/assets' },
  ],
});
