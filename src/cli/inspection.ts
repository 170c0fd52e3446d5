/** `start --inspect`: opens the inspector's door, says where it is, and closes it behind the last message. */
import type { MachineObserver } from '../bus/ports.ts';
import { InputError } from '../domain/input-error.ts';
import type { Terminal } from './terminal.ts';

export interface Inspection {
  readonly machines: MachineObserver;
  /** A run that is over in seconds shows nothing to whoever comes after it. */
  waitForViewer(): Promise<void>;
  close(): Promise<void>;
}

const VIEWER_WAIT_MS = 30_000;
const DRAIN_MS = 5_000;

/** `port`: true for any free one, undefined where nobody wants to look. */
async function openInspection(
  port: number | true | undefined,
  terminal: Terminal,
): Promise<Inspection | null> {
  if (port === undefined) return null;
  // Also where only results are to be printed: without its address it is of no use.
  const say = (sentence: string) => terminal.err(sentence);
  // Stately's package takes a while to load, and few runs are inspected.
  const [{ InspectorStream }, { openInspector }] = await Promise.all([
    import('../dashboard/inspector/inspector-stream.ts'),
    import('../dashboard/inspector/inspector-server.ts'),
  ]);
  const stream = new InspectorStream(say);
  const server = await openInspector(port === true ? 0 : port, stream).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      throw new InputError(
        `--inspect ${port} is taken by another program; leave the port out for any free one`,
      );
    },
  );
  say(
    `inspector: open ${server.pageUrl} in a browser (it shows stately.ai/inspect), or connect to ${server.socketUrl}`,
  );
  return {
    machines: stream,
    waitForViewer: async () => {
      say(`waiting up to ${VIEWER_WAIT_MS / 1_000} seconds for an inspector, then the run begins`);
      if (!(await server.viewer(VIEWER_WAIT_MS))) say('nobody looks; the run begins all the same');
    },
    close: async () => {
      await server.drained(DRAIN_MS);
      await server.close();
    },
  };
}

/** Runs something with an inspector's door open, and closes it whatever becomes of it. */
export async function inspected(
  port: number | true | undefined,
  terminal: Terminal,
  run: (inspection: Inspection | null) => Promise<void>,
): Promise<void> {
  const inspection = await openInspection(port, terminal);
  try {
    await run(inspection);
  } finally {
    await inspection?.close();
  }
}
