/**
 * Engines as processes of their own against a simulated venue in the test's process. The keys are canaries: whatever a run
 * leaves (files, output, answers, alerts) is kept, so that a test can look for them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readControlFiles } from '../../src/dashboard/control-file.ts';
import { dayToMicros } from '../../src/domain/exchange-calendar.ts';
import { waitingClock } from '../../src/engine/live/host-clock.ts';
import {
  AlpacaSimulator,
  type AlpacaSimulatorOptions,
} from '../../src/simulators/alpaca/alpaca-simulator.ts';
import { daysBefore, generatedRecords } from '../../src/simulators/alpaca/records.ts';
import {
  SimulatedMarket,
  type SimulatedMarketOptions,
} from '../../src/simulators/alpaca/simulated-market.ts';
import { scratchFolder } from './cli.ts';

export const canaries = {
  keyId: 'PKCANARY7Q2M9XZ',
  secret: 'canary/Secret+4h%Zx9&k=',
  webhook: 'canary-hook-93be71d0',
  password: 'canary-password-5f1c',
} as const;

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = ['--conditions=quantos-source', '--import', 'tsx', join(root, 'src', 'cli', 'main.ts')];
const strategy = fileURLToPath(new URL('../live/strategies/always-long.ts', import.meta.url));
export const produced = scratchFolder();
mkdirSync(join(produced, 'tmp'));

/** Shortly before a day of coins ends: long enough for a process that starts on a busy machine. */
const EVENING_US = dayToMicros('2026-11-23') - 14_000_000;
const SPEED = 2;
const LINE_MS = 45_000;

/** Everything that was heard outside of the engine's own process. */
export const heard: string[] = [];

export interface Venue {
  readonly simulator: AlpacaSimulator;
  readonly url: string;
  close(): Promise<void>;
}

let accounts = 100;

export async function openVenue(
  options: Partial<Omit<AlpacaSimulatorOptions, 'market'>> & {
    readonly at?: number;
    readonly market?: Partial<SimulatedMarketOptions>;
  } = {},
): Promise<Venue> {
  const { at = EVENING_US, market: ofMarket, ...rest } = options;
  const clock = waitingClock({ startAt: at, speed: SPEED });
  const records = generatedRecords({ seed: 44, from: daysBefore(at, 500) });
  const { keyId, secret } = canaries;
  const market = new SimulatedMarket({ clock, records, seed: 44, ...ofMarket });
  // Nobody else's account: another spec's engine may run at the same time.
  const seed = (accounts += 1) + process.pid * 1_000;
  const simulator = new AlpacaSimulator({
    clock,
    market,
    keyId,
    secret,
    seed,
    speed: SPEED,
    onRequest: clock.go,
    ...rest,
  });
  const { url, close } = await simulator.listen(0);
  return { simulator, url, close };
}

/** A receiver of alerts whose address is a secret. */
export async function openWebhook(): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => heard.push(text));
    request.on('end', () => response.end());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/${canaries.webhook}`, close: () => server.close() };
}

let processes = 0;

export class Engine {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals>;
  #news = () => {};

  constructor(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const name = join(produced, `process-${(processes += 1)}`);
    const { APCA_API_KEY_ID: _, APCA_API_SECRET_KEY: __, ...inherited } = process.env;
    this.#child = spawn(process.execPath, [...program, ...argv], {
      cwd: root,
      env: {
        ...inherited,
        APCA_API_KEY_ID: canaries.keyId,
        APCA_API_SECRET_KEY: canaries.secret,
        // Locks of accounts.
        TMPDIR: join(produced, 'tmp'),
        // A CI runner would colour the lines.
        NO_COLOR: '1',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#news();
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#news();
    });
    this.#ended = new Promise((resolve) =>
      this.#child.once('close', (code, signal) => {
        writeFileSync(`${name}.txt`, `${this.stdout}\n${this.stderr}`);
        resolve(code ?? signal!);
        this.#news();
      }),
    );
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Waits until a line is printed; a process that ends without it says what it said. */
  async line(pattern: RegExp): Promise<string> {
    const find = () => pattern.exec(this.stderr)?.[0] ?? pattern.exec(this.stdout)?.[0];
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<string>((resolve, reject) => {
        const give = (why: string) => reject(new Error(`${pattern}: ${why}\n${this.stdout}${this.stderr}`));
        timer = setTimeout(() => give(`not within ${LINE_MS} ms`), LINE_MS);
        const look = () => {
          const found = find();
          if (found !== undefined) resolve(found);
          else if (this.#child.exitCode !== null || this.#child.signalCode !== null) give('it ended');
        };
        this.#news = look;
        look();
      });
    } finally {
      clearTimeout(timer);
      this.#news = () => {};
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Its exit code, or the signal that ended it. */
  ended(): Promise<number | NodeJS.Signals> {
    return this.#ended;
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> {
    this.signal(signal);
    return this.#ended;
  }
}

export interface Started {
  readonly data: string;
  readonly engine: Engine;
}

let folders = 0;
export const newFolder = (): string => join(produced, `data-${(folders += 1)}`);

/** `start --mode paper` on two pairs of coins, or what `more` says. */
export function startPaper(
  url: string,
  more: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  data = newFolder(),
): Started {
  const argv = ['start', '--mode', 'paper', '--venue', url, '--data', data, '--strategy', strategy];
  const symbols = more.includes('--symbols') ? [] : ['--symbols', 'ETH/USD,SOL/USD'];
  return { data, engine: new Engine([...argv, ...symbols, ...more], env) };
}

/** What the engine's own server says. */
export async function askEngine(data: string, path: string) {
  const [{ port }] = readControlFiles(data);
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  const text = await answer.text();
  heard.push(text, JSON.stringify([...answer.headers]));
  return { status: answer.status, text };
}

/** The log that the engine says it recorded everything in. */
export const logOf = ({ engine }: Pick<Started, 'engine'>): string =>
  /Everything is recorded in (.+)/.exec(engine.stderr)![1];

/** What a secret may look like in whatever somebody wrote: as it is, and in base64 wherever its bytes begin. */
export function spellings(secret: string): string[] {
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.from(`${'x'.repeat(before)}${secret}`).toString('base64');
    // What the neighbours share a character with is left out.
    return text.slice(before === 0 ? 0 : before + 1, -4).replace(/=+$/, '');
  });
  const urls = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  const hex = Buffer.from(secret).toString('hex');
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), hex, ...base64, ...urls];
}
