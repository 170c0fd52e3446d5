/**
 * `npm run screenshots`: the README's pictures of the dashboard, from the demo's own run opened in a real browser. Nothing
 * leaves this computer. `-- --out FOLDER` puts them elsewhere.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'docs', 'images') } } });
const executablePath = process.env.QUANTOS_CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(executablePath)) {
  console.error('screenshots need Chromium: apt-get install chromium, or set QUANTOS_CHROMIUM to its path');
  process.exit(3);
}

const folder = mkdtempSync(join(tmpdir(), 'quantos-screens-'));
const quantos = (...argv) =>
  spawn(
    process.execPath,
    [
      '--conditions=quantos-source',
      '--import',
      import.meta.resolve('tsx'),
      join(root, 'src', 'cli', 'main.ts'),
      ...argv,
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  );
const ended = (child) => new Promise((resolve) => child.once('close', resolve));
const firstOutput = (child) =>
  new Promise((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part) => {
      text += part;
      if (text.includes('}')) resolve(JSON.parse(text));
    });
    child.once('close', () => reject(new Error('it ended before it said where it is')));
  });

/** The crash of 2008, in the middle of which the hedge is at work. */
const MOMENT = '2008-10-10T20:00:00Z';

/** Tall enough for all of the desk. */
const DESK = { width: 1280, height: 1310 };
const VIEW = { width: 1280, height: 960 };
const PHONE = { width: 390, height: 844 };
const pictures = [
  { name: 'dashboard-dark', size: DESK, scheme: 'dark', hash: '' },
  { name: 'dashboard-light', size: DESK, scheme: 'light', hash: '' },
  { name: 'dashboard-phone', size: PHONE, scheme: 'dark', hash: '' },
  { name: 'dashboard-causes', size: VIEW, scheme: 'dark', hash: '', fill: true },
  { name: 'dashboard-statecharts', size: VIEW, scheme: 'dark', hash: 'view=machines' },
];

const run = quantos('start', '--quiet', '--json');
run.stdout.resume();
if ((await ended(run)) !== 0) throw new Error('the demo did not run');
const open = quantos('open', 'out/demo.db', '--json');
const { address } = await firstOutput(open);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  const page = new URL(address).origin;
  const at = await fetch(`${page}/api/moment?timeUs=${Date.parse(MOMENT) * 1_000}`).then((answer) =>
    answer.json(),
  );
  const { events: fills } = await fetch(
    `${page}/api/events?types=OrderFilled&limit=1&before=${at.seq + 1}`,
  ).then((answer) => answer.json());
  mkdirSync(values.out, { recursive: true });
  for (const { name, size, scheme, hash, fill } of pictures) {
    const context = await browser.newContext({
      viewport: size,
      colorScheme: scheme,
      deviceScaleFactor: size === PHONE ? 2 : 1,
    });
    const tab = await context.newPage();
    const place = [hash, `seq=${at.seq}`, fill ? `event=${fills[0].seq}` : ''].filter(Boolean).join('&');
    await tab.goto(`${page}/#${place}`);
    await tab.locator('body[data-quiet="true"]').waitFor();
    const path = resolve(values.out, `${name}.png`);
    await tab.screenshot({ path });
    console.log(path);
    await context.close();
  }
} finally {
  await browser.close();
  open.kill('SIGTERM');
  await ended(open);
  rmSync(folder, { recursive: true });
}
