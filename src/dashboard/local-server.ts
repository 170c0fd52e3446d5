/**
 * A server of this computer for whoever sits at it: it listens on the loopback only and trusts no browser, since a page of
 * another site could reach it. What is not asked for by its own name, from its own pages, is refused before any route.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Server } from 'node:http';
import { type HttpBindings, serve } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { every } from 'hono/combine';

export interface LocalServer {
  readonly port: number;
  close(): Promise<void>;
}

export type LocalApp = Hono<{ Bindings: HttpBindings }>;

export const TOKEN_HEADER = 'x-quantos-token';

const LOOPBACK = '127.0.0.1';
const BODY_MAX = 4_096;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 64;

/** Dots that climb, anything encoded, doubled or turned slashes: no address of ours has them. */
const DEVIOUS = /%|[\\]|[/][/]|(^|[/])[.]/;
/** Who led the browser here, where it says so: nobody, or a page of ours. */
const OWN_SITES: ReadonlySet<string> = new Set(['none', 'same-origin']);

const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Rejects with the system's error where the port is taken. `port` 0: any free one. */
export async function openLocalServer(port: number, routes: (app: LocalApp) => void): Promise<LocalServer> {
  const names = new Set<string>();
  const app: LocalApp = new Hono();
  app.use(guard(names));
  routes(app);
  app.onError((_error, context) => refuse(context, 500, 'the engine could not answer'));
  const server = serve({
    fetch: app.fetch,
    hostname: LOOPBACK,
    port,
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
  const { port: listening } = server.address() as { port: number };
  for (const name of [LOOPBACK, 'localhost', '[::1]']) names.add(`${name}:${listening}`);
  return {
    port: listening,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** `names`: what this server may be called in a `Host` header, known once it listens. */
function guard(names: ReadonlySet<string>): MiddlewareHandler<{ Bindings: HttpBindings }> {
  return async (context, next) => {
    for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
    const host = context.req.header('host') ?? '';
    if (!names.has(host)) return refuse(context, 403, `this is not ${JSON.stringify(host.slice(0, 100))}`);
    const origin = context.req.header('origin');
    if (origin !== undefined && !(origin.startsWith('http://') && names.has(origin.slice(7)))) {
      return refuse(context, 403, 'pages of other sites may not ask');
    }
    // As it was sent: what is resolved on the way here has lost its dots.
    const path = context.env.incoming.url?.split('?')[0] ?? '';
    if (DEVIOUS.test(path)) return refuse(context, 404, 'there is no such page');
    // A link somewhere may lead to the page itself; nothing else of us may be part of another site's page.
    const site = context.req.header('sec-fetch-site');
    if (site !== undefined && !OWN_SITES.has(site) && path !== '/') {
      return refuse(context, 403, 'pages of other sites may not ask');
    }
    return next();
  };
}

type Refused = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 500 | 503;

export const refuse = (context: Context, status: Refused, error: string) =>
  context.json({ ok: false, error }, status);

/** What acts wants the token of this start, little to read, and JSON: in this order, so that nobody else is read at all. */
export const acting = (token: string): MiddlewareHandler =>
  every(
    async (context, next) =>
      isToken(context.req.header(TOKEN_HEADER) ?? '', token)
        ? next()
        : refuse(context, 401, `${TOKEN_HEADER} is missing or not of this start of the engine`),
    bodyLimit({
      maxSize: BODY_MAX,
      onError: (context) => refuse(context, 413, `more than ${BODY_MAX} bytes`),
    }),
    async (context, next) =>
      context.req.header('content-type')?.split(';')[0].trim() === 'application/json'
        ? next()
        : refuse(context, 415, 'the body must be application/json'),
  );

/** Compared as digests, so that neither length nor prefix shows in the time it takes. */
export const isToken = (given: string, token: string): boolean =>
  timingSafeEqual(digest(given), digest(token));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
