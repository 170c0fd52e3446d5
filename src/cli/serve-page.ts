/** Serves the dashboard of a log on this computer until somebody stops it. */
import { randomBytes } from 'node:crypto';
import { createDashboard, pageAddress, serveDashboard } from '../dashboard/dashboard.ts';
import { InputError } from '../domain/input-error.ts';
import { openLogReader } from '../log/log-reader.ts';
import { type CommonOptions, printJson, remark, type Terminal } from './terminal.ts';
import { beginRerun } from './what-if-thread.ts';

const TOKEN_BYTES = 32;

/** Refuses a log that cannot be read, and a port that is taken, in one sentence each. `port` 0: any free one. */
export async function servePage(
  log: string,
  port: number,
  options: CommonOptions,
  terminal: Terminal,
): Promise<void> {
  openLogReader(log).close();
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const dashboard = await createDashboard({
    beginRerun,
    health: () => null,
    live: false,
    token,
  });
  try {
    const server = await serveDashboard(port, dashboard).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      throw new InputError(`--port ${port} is taken by another program; write --port 0 for any free one`);
    });
    dashboard.session.follow(log);
    const address = pageAddress(server.port, token);
    if (options.json) printJson(terminal, { address, port: server.port });
    else terminal.out(address);
    remark(terminal, options, 'open it in a browser of this computer; Ctrl-C ends it');
    await stopped();
    await server.close();
  } finally {
    await dashboard.close();
  }
}

/** Until a signal asks for the end. */
const stopped = (): Promise<void> =>
  new Promise((resolve) => {
    const stop = () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
