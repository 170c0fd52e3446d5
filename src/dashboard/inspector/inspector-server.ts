/**
 * Where inspectors look into a running engine: a websocket on this computer that speaks Stately's inspection protocol, and
 * beside it the page that shows Stately's own inspector. It tells, and takes nothing in.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { INSPECTOR_URL, inspectorPage, inspectorScript, inspectorStyle } from './inspector-page.ts';
import type { InspectorStream } from './inspector-stream.ts';

const LOOPBACK = '127.0.0.1';
const VIEWERS_MAX = 8;
const CATCH_UP_MS = 250;

export interface InspectorServer {
  readonly port: number;
  /** For programs, and for `createWebSocketReceiver`. */
  readonly socketUrl: string;
  /** For people. */
  readonly pageUrl: string;
  /** Resolves once somebody looks: true, or false when nobody came in that time. */
  viewer(waitMs: number): Promise<boolean>;
  /** Resolves once viewers have been sent all there is, or that time is over. */
  drained(waitMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Rejects with the system's error where the port is taken. `port` 0: any free one. */
export async function openInspector(
  port: number,
  stream: InspectorStream,
  inspector = INSPECTOR_URL,
): Promise<InspectorServer> {
  const names = new Set<string>();
  const pages = pagesOf(inspector);
  const http = createServer((request, response) => answer(request, response, names, pages));
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1_024, perMessageDeflate: false });
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!isOwn(request, names) || sockets.clients.size >= VIEWERS_MAX) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (viewer) => sockets.emit('connection', viewer));
  });
  sockets.on('connection', (viewer: WebSocket) => {
    viewer.on('error', () => viewer.terminate());
    viewer.on('close', () => stream.remove(viewer));
    stream.add(viewer);
  });
  const catchingUp = setInterval(() => stream.catchUp(), CATCH_UP_MS);
  catchingUp.unref();
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, LOOPBACK, resolve);
  });
  const { port: listening } = http.address() as { port: number };
  for (const name of [LOOPBACK, 'localhost']) names.add(`${name}:${listening}`);
  return {
    port: listening,
    socketUrl: `ws://${LOOPBACK}:${listening}`,
    pageUrl: `http://${LOOPBACK}:${listening}/`,
    viewer: (waitMs) => until(() => stream.viewers > 0, waitMs),
    drained: async (waitMs) => {
      const left = () => [...sockets.clients].some(({ bufferedAmount }) => bufferedAmount > 0);
      await until(() => !left() && !stream.isBehind, waitMs);
    },
    close: async () => {
      clearInterval(catchingUp);
      for (const viewer of sockets.clients) viewer.close(1001, 'the engine ended');
      await until(() => sockets.clients.size === 0, 1_000);
      for (const viewer of sockets.clients) viewer.terminate();
      await new Promise<void>((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      });
    },
  };
}

async function until(holds: () => boolean, waitMs: number): Promise<boolean> {
  const end = performance.now() + waitMs;
  while (!holds()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

type Page = { readonly type: string; readonly text: string; readonly policy: string };

function pagesOf(inspector: string): ReadonlyMap<string, Page> {
  const policy =
    `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; ` +
    `frame-src ${new URL(inspector).origin}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', text: inspectorPage(inspector), policy }],
    ['/inspector.js', { type: 'text/javascript; charset=utf-8', text: inspectorScript, policy }],
    ['/inspector.css', { type: 'text/css; charset=utf-8', text: inspectorStyle, policy }],
  ]);
}

/** What the engine does is nobody else's business: a page of another site gets nothing, nor one that calls us otherwise. */
function isOwn({ headers: { host = '', origin } }: IncomingMessage, names: ReadonlySet<string>): boolean {
  return (
    names.has(host) && (origin === undefined || (origin.startsWith('http://') && names.has(origin.slice(7))))
  );
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  names: ReadonlySet<string>,
  pages: ReadonlyMap<string, Page>,
): void {
  const page = pages.get(request.url ?? '');
  const refused = !isOwn(request, names)
    ? 403
    : request.method !== 'GET'
      ? 405
      : page === undefined
        ? 404
        : null;
  if (refused !== null) {
    response.writeHead(refused, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end();
    return;
  }
  const { type, text, policy } = page!;
  response
    .writeHead(200, {
      'content-type': type,
      'cache-control': 'no-store',
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    .end(text);
}
