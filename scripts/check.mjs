/**
 * `npm run check`: every check that needs no test run, all of them even when one fails, each with the time it took.
 * Names pick some: `npm run check -- types lint`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => `node_modules/.bin/${name}`;

const CHECKS = {
  types: [
    [bin('tsc'), '--noEmit', '-p', '.'],
    // What runs in a browser knows its globals, and nothing else does.
    [bin('tsc'), '--noEmit', '-p', 'src/dashboard/page'],
  ],
  lint: [[bin('biome'), 'check', '--error-on-warnings', '.']],
  architecture: [[bin('depcruise'), '--config', '.dependency-cruiser.mjs', 'src', 'replay']],
  unused: [[bin('knip'), '--no-progress']],
  determinism: [[process.execPath, '--import', 'tsx', 'scripts/determinism-scan.ts']],
};

const chosen = process.argv.slice(2);
const unknown = chosen.find((name) => !Object.hasOwn(CHECKS, name));
if (unknown !== undefined) {
  process.stderr.write(
    `check: there is no check "${unknown}"; there are ${Object.keys(CHECKS).join(', ')}\n`,
  );
  process.exit(2);
}

let failed = 0;
for (const [name, commands] of Object.entries(CHECKS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const start = performance.now();
  const results = commands.map(([command, ...args]) =>
    spawnSync(command, args, { cwd: root, encoding: 'utf8' }),
  );
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const wrong = results.filter(({ status }) => status !== 0);
  console.log(`${wrong.length === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(12)} ${seconds} s`);
  if (wrong.length > 0) failed++;
  for (const { stdout, stderr, error } of wrong) {
    console.log(error?.message ?? `${stdout}${stderr}`.trimEnd());
  }
}
process.exitCode = failed === 0 ? 0 : 1;
