/** A real redis-server of a test's own: on a free port, in a folder of its own, killed and started again as it likes. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const program = process.env.QUANTOS_REDIS_SERVER ?? 'redis-server';

/** Why tests with a real Redis are skipped, or false: scripts/test.mjs says it aloud. */
export const withoutRedis =
  process.env.QUANTOS_SKIP_REDIS !== undefined ||
  (spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0 && process.env.CI === undefined);

const ANSWER_MS = 10_000;

const opened: { close(): void | Promise<void> }[] = [];
afterAll(async () => {
  for (const each of opened) await each.close();
});

/** A port nobody listens at. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  readonly #arguments: readonly string[];
  #child: ChildProcess | null = null;

  private constructor(port: number, more: readonly string[]) {
    this.port = port;
    this.#folder = mkdtempSync(join(tmpdir(), 'quantos-redis-'));
    this.#arguments = more;
    opened.push(this);
  }

  /** `more`: its own command line, such as `--requirepass`, `secret`. */
  static async open(...more: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), more);
    await server.start();
    return server;
  }

  /** As it will be started, but not yet. */
  static async later(...more: readonly string[]): Promise<RedisServer> {
    return new RedisServer(await freePort(), more);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const { port } = this;
    const own = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', this.#folder];
    const child = spawn(program, [...own, ...this.#arguments], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('redis-server does not start')), ANSWER_MS);
      let said = '';
      child.stdout!.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (!said.includes('Ready to accept connections')) return;
        clearTimeout(timer);
        resolve();
      });
      child.once('error', reject).once('exit', () => reject(new Error(`redis-server ended: ${said}`)));
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** SIGSTOP and SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Something else than a Redis: whoever connects is told what `talk` makes of them. */
export async function openTalker(talk: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    talk(socket);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  opened.push({ close });
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}
