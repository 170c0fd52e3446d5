/**
 * Lets `npm start` and `npm test` be the first command after `git clone`: checks the Node version and runs `npm ci`
 * when node_modules is not what package-lock.json asks for. Imports no package, since there may be none yet.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const OLDEST_NODE = [20, 19];

const read = (path) => {
  try {
    return JSON.parse(readFileSync(new URL(path, root), 'utf8'));
  } catch {
    return null;
  }
};

/** What stands between node_modules and the lockfile, or null. Packages for other platforms may be absent. */
function whatIsMissing() {
  const installed = read('node_modules/.package-lock.json');
  if (installed === null) return 'the packages are not installed yet';
  for (const [path, { version, optional }] of Object.entries(read('package-lock.json').packages)) {
    if (path === '') continue;
    const found = installed.packages[path]?.version;
    if (found === version || (optional && found === undefined)) continue;
    return `${path} is ${found ?? 'missing'}, package-lock.json asks for ${version}`;
  }
  return null;
}

function fail(sentence) {
  process.stderr.write(`quantos: ${sentence}\n`);
  process.exit(3);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  fail(
    `this is Node ${process.versions.node}, and QuantOS needs ${OLDEST_NODE.join('.')} or newer (20, 22 or 24).`,
  );
}

const missing = whatIsMissing();
if (missing !== null) {
  process.stderr.write(
    `quantos: ${missing}; running npm ci.\nquantos: this takes 2 to 4 minutes, once: better-sqlite3 is compiled here.\n`,
  );
  // npm's own output goes to stderr, so that the JSON of the command that follows stays alone on stdout.
  const npm = spawnSync('npm', ['ci'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) {
    fail(
      'npm ci failed; its reason is above. Where better-sqlite3 did not compile, it needs: apt-get install python3 make g++.',
    );
  }
}
