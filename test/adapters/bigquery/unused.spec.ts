/** Google's package is fifteen megabytes: who does not use it must not load it, and who does must not wait for it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** What a fresh process of ours has loaded of packages after `code` ran in it. */
async function loadedBy(code: string): Promise<string[]> {
  const script = `
    import { createRequire } from 'node:module';
    ${code}
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    process.stdout.write(JSON.stringify(loaded));
    process.exit(0);`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=quantos-source', '--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: root, maxBuffer: 64 * 1_048_576 },
  );
  return JSON.parse(stdout);
}

const ofGoogle = (files: readonly string[]) =>
  files.filter((file) => /@google-cloud|google-auth-library|gaxios/.test(file));
const engine = `
    const { CloudSignalEngine } = await import('./src/adapters/bigquery/cloud-signals.ts');
    const { wallClock } = await import('./src/engine/live/host-clock.ts');
    const edge = new CloudSignalEngine({ lane: { input() {} }, clock: wallClock(), table: 'some-project.a.b', project: null,
      location: null, endpoint: 'http://127.0.0.1:1', everyS: 60, timeoutS: 5, staleAfterS: 900, multiple: 3, moversMax: 1,
      bitcoin: ['BTC'], maximumBytesBilled: 1e8,
      columns: { symbol: 's', ts: 't', price: 'p', open: null, volume: 'v' } });`;

test('the command line, with everything a live engine is wired of, loads nothing of it', async () => {
  const loaded = await loadedBy(
    `await import('./src/cli/run-cli.ts'); await import('./src/engine/live/intel-edges.ts');`,
  );
  expect(loaded.length).toBeGreaterThan(10);
  expect(ofGoogle(loaded)).toEqual([]);
}, 60_000);

test('neither does an engine that was made and not started, and one that was started does', async () => {
  expect(ofGoogle(await loadedBy(engine))).toEqual([]);
  const started = await loadedBy(
    `${engine} edge.start(); await new Promise((resolve) => setTimeout(resolve, 3_000));`,
  );
  expect(ofGoogle(started).length).toBeGreaterThan(10);
}, 60_000);
