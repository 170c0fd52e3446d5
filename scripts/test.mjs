/**
 * `npm test`: fetches what the tests need beside the packages (a browser, other Node versions), says aloud what it
 * could not get and what is skipped for it, then runs vitest. Arguments go to vitest: `npm test -- test/bus`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const env = { ...process.env };

/**
 * Programs from Debian: found on PATH under one of `names` where they pass `proof`, else installed as `debian` where that
 * is allowed.
 */
const PROGRAMS = [
  {
    names: ['chromium', 'chromium-browser', 'google-chrome'],
    debian: 'chromium',
    pathIn: 'QUANTOS_CHROMIUM',
    skipIn: 'QUANTOS_SKIP_BROWSER',
    skipped: 'the tests that open a report in a browser',
  },
  {
    names: ['redis-server'],
    debian: 'redis-server',
    pathIn: 'QUANTOS_REDIS_SERVER',
    skipIn: 'QUANTOS_SKIP_REDIS',
    skipped: 'the tests of the Intel Bus on a real Redis',
  },
  {
    names: ['python3'],
    // The one that Debian's package belongs to need not be the first on PATH.
    folders: ['/usr/bin'],
    proof: ['-c', 'import redis'],
    debian: 'python3-redis',
    pathIn: 'QUANTOS_PYTHON',
    skipIn: 'QUANTOS_SKIP_PYTHON',
    skipped: "the tests of the Intel Bus's Python client",
  },
];

/** The Node versions beside this one on which the core must decide the same. */
const NODE_VERSIONS = ['20.20.2', '22.23.3', '24.9.0'];

const say = (line) => process.stderr.write(`test: ${line}\n`);
const run = (command, args) => spawnSync(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
const succeeds = (command, args) => run(command, args).status === 0;

function onPath(names, { folders = [], proof = null } = {}) {
  for (const folder of [...folders, ...(env.PATH ?? '').split(delimiter)]) {
    for (const name of names) {
      const path = join(folder, name);
      if (folder !== '' && existsSync(path) && (proof === null || succeeds(path, proof))) return path;
    }
  }
  return null;
}

/** The words that make apt-get work without asking anyone, or null. */
function aptGet() {
  if (onPath(['apt-get']) === null) return null;
  if (process.getuid?.() === 0) return ['apt-get'];
  return onPath(['sudo']) !== null && succeeds('sudo', ['-n', 'true']) ? ['sudo', '-n', 'apt-get'] : null;
}

function installDebian(name) {
  const apt = aptGet();
  if (apt === null) return false;
  say(`installing Debian's ${name} (once)`);
  const [command, ...words] = apt;
  run(command, [...words, 'update', '-q']);
  return succeeds('env', [
    'DEBIAN_FRONTEND=noninteractive',
    command,
    ...words,
    'install',
    '-y',
    '-q',
    '--no-install-recommends',
    name,
  ]);
}

function provideProgram({ names, debian, pathIn, skipIn, skipped, ...where }) {
  if (env[skipIn]) return say(`${skipIn} is set: SKIPPED: ${skipped}`);
  const path = onPath(names, where) ?? (installDebian(debian) ? onPath(names, where) : null);
  if (path !== null) env[pathIn] = path;
  else {
    env[skipIn] = '1';
    say(`SKIPPED: ${skipped}: ${debian} is missing; install it with: sudo apt-get install ${debian}`);
  }
}

function provideNode(version) {
  const major = version.split('.')[0];
  if (process.versions.node.startsWith(`${major}.`)) return;
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(root, '.cache', 'nodes', major);
  if (existsSync(join(folder, 'node_modules', name, 'bin', 'node'))) return;
  say(`fetching Node ${version} for the determinism matrix (once)`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  if (
    !succeeds('npm', ['install', '--prefix', folder, '--no-save', '--no-package-lock', `${name}@${version}`])
  ) {
    say(
      `SKIPPED: the determinism matrix on Node ${major}: ${name}@${version} could not be installed from npm`,
    );
  }
}

for (const program of PROGRAMS) provideProgram(program);
for (const version of NODE_VERSIONS) provideNode(version);
if (!existsSync(join(root, '..', 'shared', 'data'))) {
  say('SKIPPED: the tests on real market data: ../shared/data is not beside this checkout (all others run)');
}

/** One seed for all properties: a run can be repeated to the letter, and each commit draws others. */
function seedOfCommit() {
  const head = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout ?? '';
  return String(Number.parseInt(head.slice(0, 7), 16) || 1);
}
env.QUANTOS_PROPERTY_SEED ??= seedOfCommit();
say(
  `properties are drawn by seed ${env.QUANTOS_PROPERTY_SEED}; QUANTOS_PROPERTY_SEED=${env.QUANTOS_PROPERTY_SEED} draws the same`,
);

const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const tests = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  cwd: root,
  env,
  stdio: 'inherit',
});
process.exit(tests.status ?? 1);
