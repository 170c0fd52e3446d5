/** `quantos doctor`: what this computer has, what is missing, and what works all the same. */
import { accessSync, constants, existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import Database from 'better-sqlite3';
import type { Command } from 'commander';
import pc from 'picocolors';
import { ENGINE_VERSION } from '../../../replay/version.ts';
import { demoDatasetSource } from '../../engine/demo-dataset.ts';
import { openLogReader } from '../../log/log-reader.ts';
import { createLog } from '../../log/log-writer.ts';
import { EXIT } from '../failure.ts';
import { withCommon } from '../options/common-options.ts';
import { type CommonOptions, printJson, type Terminal } from '../terminal.ts';

interface Finding {
  readonly name: string;
  /** `missing`: something optional; the rest works without it. `failed`: nothing works before it is mended. */
  readonly status: 'ok' | 'missing' | 'failed';
  readonly found: string;
  /** What it means and what mends it; null where all is well. */
  readonly advice: string | null;
}

const NODE_LEAST = [20, 19] as const;
const ROOM_LEAST_BYTES = 1e9;
const REDIS_TIMEOUT_MS = 500;

export function addDoctor(program: Command, terminal: Terminal): void {
  const command = program
    .command('doctor')
    .description('checks this computer: what is missing, and what still works');
  withCommon(command, 'doctor').action(async ({ json }: CommonOptions) => {
    const findings = [node(), sqlite(), disk(), clock(), demoData(), chromium(), await redis(), keys()];
    const ok = findings.every(({ status }) => status !== 'failed');
    if (json) printJson(terminal, { ok, version: ENGINE_VERSION, checks: findings });
    else terminal.out([...findings.map(line), '', verdict(findings)].join('\n'));
    if (!ok) terminal.exitCode = EXIT.environment;
  });
}

function line({ name, status, found, advice }: Finding): string {
  const mark = { ok: pc.green('ok     '), missing: pc.yellow('missing'), failed: pc.red('FAILED ') }[status];
  return `${mark}  ${name.padEnd(8)}  ${found}${advice === null ? '' : `\n${' '.repeat(19)}${pc.dim(advice)}`}`;
}

function verdict(findings: readonly Finding[]): string {
  const failed = findings.filter(({ status }) => status === 'failed');
  if (failed.length > 0)
    return `Mend ${failed.map(({ name }) => name).join(', ')} first; the engine cannot run before.`;
  return 'Import, backtest, replay, why, state, log and report work.';
}

const ok = (name: string, found: string): Finding => ({ name, status: 'ok', found, advice: null });

function node(): Finding {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [leastMajor, leastMinor] = NODE_LEAST;
  const found = `Node ${process.versions.node} on ${process.platform} ${process.arch}`;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return ok('node', found);
  return { name: 'node', status: 'failed', found, advice: `install Node ${NODE_LEAST.join('.')} or newer` };
}

/** Writes a log in a temporary folder as an engine does, and asks for what durability rests on. */
function sqlite(): Finding {
  const folder = mkdtempSync(join(tmpdir(), 'quantos-doctor-'));
  try {
    const path = join(folder, 'check.db');
    createLog(path, { session: 'doctor' }).close();
    openLogReader(path, { verify: true }).close();
    const db = new Database(path);
    try {
      const mode = db.pragma('journal_mode = WAL', { simple: true });
      db.pragma('synchronous = FULL');
      const level = db.pragma('synchronous', { simple: true });
      const version = db.prepare('SELECT sqlite_version()').pluck().get();
      const found = `SQLite ${version}, ${String(mode).toUpperCase()}, synchronous ${level === 2 ? 'FULL' : level}`;
      if (mode === 'wal' && level === 2) return ok('sqlite', found);
      return {
        name: 'sqlite',
        status: 'failed',
        found,
        advice: 'logs need WAL with synchronous FULL: use a local disk',
      };
    } finally {
      db.close();
    }
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return {
      name: 'sqlite',
      status: 'failed',
      found,
      advice: 'npm rebuild better-sqlite3, and see that the temporary folder can be written',
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function disk(): Finding {
  const folder = process.cwd();
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    return {
      name: 'disk',
      status: 'failed',
      found: `${folder} may not be written by this user`,
      advice: 'change to a folder of yours',
    };
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const found = `${folder} can be written, ${(free / 1e9).toFixed(1)} GB free`;
  if (free >= ROOM_LEAST_BYTES) return ok('disk', found);
  return {
    name: 'disk',
    status: 'missing',
    found,
    advice: 'below 1 GB: long runs with --out may fill it; short ones work',
  };
}

/** Wall time must be of this age and must not run away from the clock that never steps back. */
function clock(): Finding {
  const year = new Date().getUTCFullYear();
  const wallBefore = Date.now();
  const steadyBefore = performance.now();
  const until = steadyBefore + 50;
  while (performance.now() < until);
  const drift = Math.abs(Date.now() - wallBefore - (performance.now() - steadyBefore));
  const found = `${new Date().toISOString()}`;
  if (year >= 2025 && year < 2100 && drift < 25) return ok('clock', found);
  return {
    name: 'clock',
    status: 'missing',
    found: drift < 25 ? found : `${found}, and it jumped ${Math.round(drift)} ms in 50`,
    advice: 'set the clock (NTP) before trading; backtests do not look at it',
  };
}

function demoData(): Finding {
  try {
    demoDatasetSource();
    return ok('demo', 'the demo data is there');
  } catch (error) {
    return {
      name: 'demo',
      status: 'missing',
      found: (error as Error).message,
      advice: 'start needs it; your own data works',
    };
  }
}

function chromium(): Finding {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = (process.env.PATH ?? '').split(delimiter);
  const path = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(existsSync);
  if (path !== undefined) return ok('browser', path);
  return {
    name: 'browser',
    status: 'missing',
    found: 'no chromium in PATH',
    advice: 'only our own browser tests need it; reports open in any browser',
  };
}

async function redis(): Promise<Finding> {
  const url = new URL(
    URL.canParse(process.env.REDIS_URL ?? '') ? process.env.REDIS_URL! : 'redis://127.0.0.1:6379',
  );
  const answers = await new Promise<boolean>((resolve) => {
    const socket = createConnection({
      host: url.hostname,
      port: Number(url.port || 6379),
      timeout: REDIS_TIMEOUT_MS,
    });
    const end = (there: boolean) => {
      socket.destroy();
      resolve(there);
    };
    socket
      .on('connect', () => end(true))
      .on('timeout', () => end(false))
      .on('error', () => end(false));
  });
  if (answers) return ok('redis', `something listens at ${url.host}`);
  return {
    name: 'redis',
    status: 'missing',
    found: `nothing listens at ${url.host}`,
    advice: 'simulations never need it; the Intel Bus then works inside the process',
  };
}

function keys(): Finding {
  const there = process.env.APCA_API_KEY_ID !== undefined && process.env.APCA_API_SECRET_KEY !== undefined;
  if (there) return ok('keys', 'Alpaca keys are set');
  return {
    name: 'keys',
    status: 'missing',
    found: 'no Alpaca keys (APCA_API_KEY_ID, APCA_API_SECRET_KEY)',
    advice: 'paper and live trading need them, in a later release; simulations do not',
  };
}
