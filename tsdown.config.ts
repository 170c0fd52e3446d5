import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'tsdown';
import { bundlePage, PAGE_FOLDER } from './src/dashboard/page-bundle.ts';

/**
 * The package: ES modules with their types, the demo's one file of market data beside its licence, its setup to copy from,
 * the dashboard's page, and what runs in threads of its own.
 */
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'testing/index': 'src/testing/index.ts',
    'cli/main': 'src/cli/main.ts',
    'cli/what-if-worker': 'src/cli/what-if-worker.ts',
    'replay/follower.worker': 'replay/follower.worker.ts',
  },
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
  async onSuccess() {
    const folder = join('dist', PAGE_FOLDER);
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of Object.entries(await bundlePage()))
      writeFileSync(join(folder, name), content);
  },
});
