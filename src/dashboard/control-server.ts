/**
 * The engine's door on this computer: health and metrics to look at, one address that commands, and the page. Nothing
 * but what is asked with POST and the token of this start of the process changes anything.
 */
import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { EngineHealth } from '../engine/live/engine-health.ts';
import type { LiveEngine } from '../engine/live/live-engine.ts';
import type { LiveSession } from '../engine/live/live-session.ts';
import { acting, type LocalApp, type LocalServer, openLocalServer, refuse } from './local-server.ts';

/** What the server needs of a running engine. */
export interface EngineFace extends Pick<LiveEngine, 'health' | 'command'> {
  /** The log it writes at this moment; null before its first session. */
  readonly session?: Pick<LiveSession, 'path'> | null;
}

export const controlCommands = ['halt', 'reduceOnly', 'reset', 'flatten'] as const;
export type ControlCommand = (typeof controlCommands)[number];

interface ControlOptions {
  readonly engine: EngineFace;
  readonly registry: Registry;
  /** 0: any free one. */
  readonly port: number;
  readonly token: string;
  /** Put beside the engine's own health. */
  readonly more: () => object;
  /** The page and what it asks for. */
  readonly page?: (app: LocalApp) => void;
}

const order = z.strictObject({
  command: z.enum(controlCommands),
  /** Of `flatten`: one symbol; left out for all. */
  symbol: z.string().min(1).max(64).optional(),
});

/** In these a supervisor should look, or start it anew. */
const UNWELL: ReadonlySet<EngineHealth['state']> = new Set(['halted', 'failed', 'stopped']);

/** Rejects with the system's error where the port is taken. */
export const openControlServer = ({ port, page, ...options }: ControlOptions): Promise<LocalServer> =>
  openLocalServer(port, (app) => {
    page?.(app);
    controlRoutes(app, options);
    app.notFound((context) =>
      refuse(context, 404, 'there are /health, /metrics, /control and the page at /'),
    );
  });

function controlRoutes(
  app: LocalApp,
  { engine, registry, token, more }: Omit<ControlOptions, 'port' | 'page'>,
): void {
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
  app.post('/control', acting(token), async (context) => {
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
  });
  app.all('/control', (context) => refuse(context, 405, 'POST only'));
}
