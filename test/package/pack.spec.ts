/**
 * What a user gets: the packed tarball in an empty folder. Its dependencies are linked from this checkout instead of
 * installed (compiling the database takes minutes), and only the declared ones: an import of anything else fails here.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const app = mkdtempSync(join(tmpdir(), 'quantos-pack-'));
let packed: string[] = [];

const run = (command: string, args: readonly string[], cwd = app) => {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  }
};

beforeAll(() => {
  run('npm', ['run', 'build'], root);
  const [tarball] = JSON.parse(
    run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', app], root),
  );
  packed = tarball.files.map((file: { path: string }) => file.path);

  const modules = join(app, 'node_modules');
  mkdirSync(join(modules, 'quantos'), { recursive: true });
  run('tar', ['xzf', tarball.filename, '-C', join(modules, 'quantos'), '--strip-components=1']);
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'junction');
  }
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }\n');
  run('npm', ['rebuild', '--ignore-scripts', 'quantos']); // links node_modules/.bin, as an installation does
}, 120_000);

afterAll(() => rmSync(app, { recursive: true, force: true }));

test('the tarball holds the build, the demo data and the notices, and no sources or tests', () => {
  for (const path of [
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'THIRD-PARTY-NOTICES.md',
    'dist/assets/sp500-2000.csv',
    'dist/assets/dashboard/index.html',
    'dist/assets/dashboard/page.js',
    'dist/assets/dashboard/page.css',
  ]) {
    expect(packed).toContain(path);
  }
  expect(packed.filter((path) => !/^(dist|docs)\/|^[^/]+$/.test(path))).toEqual([]);
});

test('npx quantos --version tells the version of the package', () => {
  expect(run('npx', ['--no-install', 'quantos', '--version']).trim()).toBe(manifest.version);
});

test('both entries import under plain Node, with nothing but the declared dependencies', () => {
  const code =
    "const [a, b] = [await import('quantos'), await import('quantos/testing')]; console.log(typeof a.defineStrategy, typeof b)";
  expect(run(process.execPath, ['--input-type=module', '-e', code]).trim()).toBe('function object');
});

test('both entries are typed, so that a strategy with a wrong signal does not compile', () => {
  writeFileSync(
    join(app, 'strategy.ts'),
    `import { defineStrategy, eachSymbol, type Signal } from 'quantos';
     import * as testing from 'quantos/testing';
     import { map } from 'rxjs';
     import { z } from 'zod';
     export const rising = defineStrategy({
       name: 'rising',
       description: 'long after a close above the open',
       params: z.object({ conviction: z.number().default(80) }),
       signals: (market, { conviction }) =>
         eachSymbol(market, (bars, symbol) =>
           bars.pipe(map(({ open, close }): Signal => ({ symbol, direction: close > open ? 'long' : 'flat', conviction }))),
         ),
     });
     // @ts-expect-error a direction is long, short or flat
     export const wrong: Signal = { symbol: 'A', direction: 'up', conviction: 1 };
     // @ts-expect-error the testing kit has types, and no such member
     testing.noSuchMember;
    `,
  );
  const compilerOptions = { strict: true, noEmit: true, module: 'nodenext', target: 'es2022', types: [] };
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['strategy.ts'] }));
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', app]);
});

test('the page it brings is served with its session, and reruns it in a thread of its own', async () => {
  run('npx', ['--no-install', 'quantos', 'start', '--quiet']);
  const main = join(app, 'node_modules', 'quantos', 'dist', 'cli', 'main.js');
  const server = spawn(process.execPath, [main, 'open', 'out/demo.db', '--json'], { cwd: app });
  try {
    const { address } = await new Promise<{ address: string }>((resolve, reject) => {
      let text = '';
      server.stdout.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (text.includes('}')) resolve(JSON.parse(text));
      });
      server.once('close', () => reject(new Error(`it ended: ${text}`)));
    });
    const { origin, hash } = new URL(address);
    const get = (path: string) => fetch(origin + path);
    expect(await (await get('/')).text()).toContain('/assets/page.js');
    expect((await (await get('/assets/page.js')).text()).length).toBeGreaterThan(100_000);
    expect(await (await get('/api/moment')).json()).toMatchObject({ session: { name: 'demo', mode: 'sim' } });
    const begun = await fetch(`${origin}/api/what-if`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-quantos-token': hash.slice('#token='.length) },
      body: JSON.stringify({ hedge: 'off' }),
    });
    const { id } = (await begun.json()) as { id: number };
    const status = async () =>
      (await (await get(`/api/what-if?id=${id}`)).json()) as { state: string; error?: string };
    await expect
      .poll(async () => (await status()).state, { timeout: 60_000, interval: 200 })
      .not.toBe('running');
    expect(await status()).toMatchObject({ state: 'done', result: { variant: { label: 'hedge=off' } } });
  } finally {
    server.kill('SIGTERM');
  }
}, 120_000);
