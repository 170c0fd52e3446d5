/** `quantos doctor`: what this computer has, what is missing, and what works all the same. */
import { accessSync, constants, existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import Database from 'better-sqlite3';
import type { Command } from 'commander';
import pc from 'picocolors';
import { ENGINE_VERSION } from '../../../replay/version.ts';
import { redactor } from '../../domain/redaction.ts';
import { demoDatasetSource } from '../../engine/demo-dataset.ts';
import { liveSettings } from '../../engine/live/live-settings.ts';
import { openLogReader } from '../../log/log-reader.ts';
import { createLog } from '../../log/log-writer.ts';
import { EXIT } from '../failure.ts';
import { type Finding, fine } from '../finding.ts';
import { type LiveCheckOptions, liveChecks } from '../live-checks.ts';
import { choiceFor, wholeFor, withCommon } from '../options/common-options.ts';
import { readRunFile } from '../options/run-file.ts';
import { type CommonOptions, printJson, type Terminal } from '../terminal.ts';

interface DoctorOptions extends CommonOptions {
  readonly online?: boolean;
  readonly mode: 'paper' | 'live';
  readonly config?: string;
  readonly venue?: string;
  readonly yahoo?: string;
  readonly data?: string;
  readonly port?: number;
}

const NODE_LEAST = [20, 19] as const;
const ROOM_LEAST_BYTES = 1e9;
const REDIS_TIMEOUT_MS = 500;

export function addDoctor(program: Command, terminal: Terminal): void {
  const command = program
    .command('doctor')
    .description('checks this computer: what is missing, and what still works')
    .option('--online', 'ask Alpaca and Yahoo, too: account, permissions, clocks, data')
    .option('--mode <mode>', 'which account to ask for', choiceFor('--mode', ['paper', 'live']), 'paper')
    .option('--config <file>', 'look at the setup in its "live" part')
    .option('--venue <url>', 'ask a simulated venue there instead of Alpaca')
    .option('--yahoo <url>', 'ask another server there instead of Yahoo')
    .option('--data <folder>', "the engine's data folder")
    .option('--port <n>', 'the control port', wholeFor('--port', 'a port such as 8410'));
  withCommon(command, 'doctor', 'doctor --online', 'doctor --venue http://127.0.0.1:8765').action(
    async (options: DoctorOptions) => {
      const computer = [node(), sqlite(), disk(), clock(), demoData(), chromium(), await redis()];
      const findings = [...computer, ...(await liveChecks(liveOptions(options)))].map(redacted);
      const ok = findings.every(({ status }) => status !== 'failed');
      if (options.json) printJson(terminal, { ok, version: ENGINE_VERSION, checks: findings });
      else terminal.out([...findings.map(line), '', verdict(findings)].join('\n'));
      if (!ok) terminal.exitCode = EXIT.environment;
    },
  );
}

function liveOptions({ config, data, mode, online, port, venue, yahoo }: DoctorOptions): LiveCheckOptions {
  const file = config === undefined ? {} : readRunFile(config);
  const flags = { dataFolder: data, port, venueUrl: venue };
  const live = { symbols: ['SPY'], ...file.live };
  return {
    settings: liveSettings(flags, process.env, { name: `--config ${config}`, live }),
    mode,
    online: (online ?? false) || venue !== undefined || yahoo !== undefined,
    yahooUrl: yahoo,
  };
}

/** What a venue or a library says of a failure may hold what it was asked with. */
function redacted(finding: Finding): Finding {
  const { APCA_API_KEY_ID, APCA_API_SECRET_KEY, QUANTOS_REDIS_USER, QUANTOS_REDIS_PASSWORD } = process.env;
  const secrets = [APCA_API_KEY_ID, APCA_API_SECRET_KEY, QUANTOS_REDIS_USER, QUANTOS_REDIS_PASSWORD];
  const redact = redactor(secrets.map((each) => each ?? ''));
  return { ...finding, found: redact(finding.found), advice: finding.advice && redact(finding.advice) };
}

function line({ name, status, found, advice }: Finding): string {
  const mark = { ok: pc.green('ok     '), missing: pc.yellow('missing'), failed: pc.red('FAILED ') }[status];
  return `${mark}  ${name.padEnd(8)}  ${found}${advice === null ? '' : `\n${' '.repeat(19)}${pc.dim(advice)}`}`;
}

function verdict(findings: readonly Finding[]): string {
  const failed = findings.filter(({ status }) => status === 'failed');
  const named = (each: readonly Finding[]) => each.map(({ name }) => name).join(', ');
  const ofAll = failed.filter(({ live }) => !live);
  if (ofAll.length > 0) return `Mend ${named(ofAll)} first; the engine cannot run before.`;
  const works = 'Import, backtest, replay, why, state, log and report work.';
  return failed.length === 0
    ? works
    : `${works} Paper and live trading do not before ${named(failed)} is mended.`;
}

function node(): Finding {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [leastMajor, leastMinor] = NODE_LEAST;
  const found = `Node ${process.versions.node} on ${process.platform} ${process.arch}`;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return fine('node', found);
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
      if (mode === 'wal' && level === 2) return fine('sqlite', found);
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
  if (free >= ROOM_LEAST_BYTES) return fine('disk', found);
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
  if (year >= 2025 && year < 2100 && drift < 25) return fine('clock', found);
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
    return fine('demo', 'the demo data is there');
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
  if (path !== undefined) return fine('browser', path);
  return {
    name: 'browser',
    status: 'missing',
    found: 'no chromium in PATH',
    advice: 'only our own browser tests need it; reports open in any browser',
  };
}

async function redis(): Promise<Finding> {
  const { QUANTOS_REDIS_URL, REDIS_URL } = process.env;
  const given = [QUANTOS_REDIS_URL, REDIS_URL].find((each) => each !== undefined && URL.canParse(each));
  const url = new URL(given ?? 'redis://127.0.0.1:6379');
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
  if (answers) return fine('redis', `something listens at ${url.host}`);
  return {
    name: 'redis',
    status: 'missing',
    found: `nothing listens at ${url.host}`,
    advice: 'simulations never need it; the Intel Bus then works inside the process',
  };
}
