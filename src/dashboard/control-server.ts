/**
 * The engine's door on this computer: health and metrics to look at, one address that commands. It listens on the
 * loopback only and trusts no browser: a page of another site could reach it, so host, origin and a token of this start
 * of the process are checked. Nothing but that one POST changes anything.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Server } from 'node:http';
import { type HttpBindings, serve } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { EngineHealth } from '../engine/live/engine-health.ts';
import type { LiveEngine } from '../engine/live/live-engine.ts';

/** What the server needs of a running engine. */
export type EngineFace = Pick<LiveEngine, 'health' | 'command'>;

export const controlCommands = ['halt', 'reduceOnly', 'reset', 'flatten'] as const;
export type ControlCommand = (typeof controlCommands)[number];

export const TOKEN_HEADER = 'x-quantos-token';

interface ControlOptions {
  readonly engine: EngineFace;
  readonly registry: Registry;
  /** 0: any free one. */
  readonly port: number;
  readonly token: string;
  /** Put beside the engine's own health. */
  readonly more: () => object;
}

export interface ControlServer {
  readonly port: number;
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const BODY_MAX = 4_096;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 64;

const order = z.strictObject({
  command: z.enum(controlCommands),
  /** Of `flatten`: one symbol; left out for all. */
  symbol: z.string().min(1).max(64).optional(),
});

/** Dots that climb, anything encoded, doubled or turned slashes: no address of ours has them. */
const DEVIOUS = /%|[\\]|[/][/]|(^|[/])[.]/;

/** In these a supervisor should look, or start it anew. */
const UNWELL: ReadonlySet<EngineHealth['state']> = new Set(['halted', 'failed', 'stopped']);

/** Rejects with the system's error where the port is taken. */
export async function openControlServer(options: ControlOptions): Promise<ControlServer> {
  const names = new Set<string>();
  const server = serve({
    fetch: appOf(options, names).fetch,
    hostname: LOOPBACK,
    port: options.port,
    serverOptions: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 8_192,
    },
  }) as Server;
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  const { port } = server.address() as { port: number };
  for (const name of [LOOPBACK, 'localhost', '[::1]']) names.add(`${name}:${port}`);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** `names`: what this server may be called in a `Host` header, known once it listens. */
function appOf({ engine, registry, token, more }: ControlOptions, names: ReadonlySet<string>) {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use(async (context, next) => {
    context.header('cache-control', 'no-store');
    context.header('x-content-type-options', 'nosniff');
    context.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
    const host = context.req.header('host') ?? '';
    if (!names.has(host)) return refuse(context, 403, `this is not ${JSON.stringify(host.slice(0, 100))}`);
    const origin = context.req.header('origin');
    if (origin !== undefined && !(origin.startsWith('http://') && names.has(origin.slice(7)))) {
      return refuse(context, 403, 'pages of other sites may not ask');
    }
    // As it was sent: what is resolved on the way here has lost its dots.
    const path = context.env.incoming.url?.split('?')[0] ?? '';
    return DEVIOUS.test(path) ? refuse(context, 404, 'there is no such page') : next();
  });
  app.get('/health', (context) => {
    const health = engine.health();
    return context.json(
      { ok: !UNWELL.has(health.state), ...health, ...more() },
      UNWELL.has(health.state) ? 503 : 200,
    );
  });
  app.get('/metrics', async (context) =>
    context.body(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  );
  app.post(
    '/control',
    async (context, next) =>
      isToken(context.req.header(TOKEN_HEADER) ?? '', token)
        ? next()
        : refuse(context, 401, `${TOKEN_HEADER} is missing or not of this start of the engine`),
    bodyLimit({
      maxSize: BODY_MAX,
      onError: (context) => refuse(context, 413, `more than ${BODY_MAX} bytes`),
    }),
    async (context) => {
      if (context.req.header('content-type')?.split(';')[0].trim() !== 'application/json') {
        return refuse(context, 415, 'the body must be application/json');
      }
      const asked = order.safeParse(await context.req.json().catch(() => null));
      if (!asked.success) {
        return refuse(
          context,
          400,
          `write {"command": ${controlCommands.map((each) => `"${each}"`).join(' | ')}}, and "symbol" with flatten only`,
        );
      }
      const { command, symbol = null } = asked.data;
      if (symbol !== null && command !== 'flatten') return refuse(context, 400, `${command} takes no symbol`);
      engine.command(command, 'control', symbol);
      return context.json({ ok: true, command, symbol }, 202);
    },
  );
  app.all('/control', (context) => refuse(context, 405, 'POST only'));
  app.notFound((context) => refuse(context, 404, 'there are /health, /metrics and /control'));
  app.onError((_error, context) => refuse(context, 500, 'the engine could not answer'));
  return app;
}

const refuse = (context: Context, status: 400 | 401 | 403 | 404 | 405 | 413 | 415 | 500, error: string) =>
  context.json({ ok: false, error }, status);

/** Compared as digests, so that neither length nor prefix shows in the time it takes. */
const isToken = (given: string, token: string): boolean => timingSafeEqual(digest(given), digest(token));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
