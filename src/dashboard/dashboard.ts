/** Everything a page asks for, put onto a server: the page itself, its session, its statecharts and its reruns. */
import type { EngineHealth } from '../engine/live/engine-health.ts';
import { type LocalApp, type LocalServer, openLocalServer, refuse } from './local-server.ts';
import { machineRoutes } from './machine-routes.ts';
import { pageAssets } from './page-bundle.ts';
import { pageRoutes } from './page-routes.ts';
import { WatchedSession } from './watched-session.ts';
import { type BeginRerun, WhatIfDesk, whatIfRoutes } from './what-if-desk.ts';

export interface DashboardParts {
  /** Null where no engine runs: a log that is over. */
  readonly health: () => EngineHealth | null;
  /** An engine runs behind it and takes commands. */
  readonly live: boolean;
  readonly token: string;
  readonly beginRerun: BeginRerun;
}

export interface Dashboard {
  readonly session: WatchedSession;
  readonly routes: (app: LocalApp) => void;
  close(): Promise<void>;
}

export async function createDashboard(parts: DashboardParts): Promise<Dashboard> {
  const { live, token, beginRerun, health } = parts;
  const assets = await pageAssets();
  const session = new WatchedSession({ health });
  const desk = new WhatIfDesk(beginRerun);
  return {
    session,
    routes: (app) => {
      pageRoutes(app, { assets, session, live, token });
      machineRoutes(app);
      whatIfRoutes(app, { desk, log: () => session.path, token });
    },
    close: async () => {
      desk.close();
      await session.close();
    },
  };
}

/** The page alone, of a log that is over or that somebody else writes. */
export async function serveDashboard(port: number, dashboard: Dashboard): Promise<LocalServer> {
  return openLocalServer(port, (app) => {
    dashboard.routes(app);
    app.notFound((context) => refuse(context, 404, 'there is no such page'));
  });
}

/** The token stands behind the #: a browser keeps it to itself. */
export const pageAddress = (port: number, token: string): string =>
  `http://127.0.0.1:${port}/#token=${token}`;
