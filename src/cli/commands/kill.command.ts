/** `quantos kill`: the kill switch of an engine that runs on this computer. */
import type { Command } from 'commander';
import { type ControlFile, readControlFiles } from '../../dashboard/control-file.ts';
import type { ControlCommand } from '../../dashboard/control-server.ts';
import { TOKEN_HEADER } from '../../dashboard/local-server.ts';
import { InputError } from '../../domain/input-error.ts';
import type { EngineHealth } from '../../engine/live/engine-health.ts';
import { CheckFailed, EnvironmentLacks } from '../failure.ts';
import { wholeFor, withCommon } from '../options/common-options.ts';
import { type CommonOptions, printJson, type Terminal } from '../terminal.ts';

interface KillOptions extends CommonOptions {
  readonly reduceOnly?: boolean;
  readonly reset?: boolean;
  readonly port?: number;
  readonly data: string;
}

const ANSWER_MS = 3_000;
/** A halt has no working order left within so long (RELIABILITY.md). */
const QUIET_MS = 5_000;
const LOOK_EVERY_MS = 100;

export function addKill(program: Command, terminal: Terminal): void {
  const command = program
    .command('kill')
    .description('halts a running engine: no new order, every working order canceled, until reset')
    .option('--reduce-only', 'let it close positions and open none')
    .option('--reset', 'let it trade again')
    .option('--port <n>', 'which engine, where several run', wholeFor('--port', 'a port such as 8410', 1))
    .option('--data <folder>', "the engine's data folder", process.env.QUANTOS_DATA ?? 'live');
  withCommon(command, 'kill', 'kill --reduce-only', 'kill --reset').action(async (options: KillOptions) => {
    if (options.reduceOnly && options.reset) {
      throw new InputError(
        '--reduce-only and --reset contradict each other: give one of them, or neither to halt',
      );
    }
    const order: ControlCommand = options.reset ? 'reset' : options.reduceOnly ? 'reduceOnly' : 'halt';
    const engine = runningEngine(options);
    await send(engine, order);
    const health = order === 'halt' ? await quietHealth(engine) : await healthOf(engine);
    const { tradingState, workingOrders } = health;
    if (options.json) printJson(terminal, { command: order, pid: engine.pid, tradingState, workingOrders });
    else terminal.out(`${SAID[order]}: engine ${engine.pid}, ${workingOrders} working orders`);
    if (order === 'halt' && (tradingState !== 'halted' || workingOrders > 0)) {
      throw new CheckFailed(
        `after ${QUIET_MS / 1_000} s the engine is ${tradingState} with ${workingOrders} working orders: cancel them at the venue by hand`,
      );
    }
  });
}

const SAID: Readonly<Record<ControlCommand, string>> = {
  halt: 'halted',
  reduceOnly: 'reducing only',
  reset: 'reset',
  flatten: 'flattening',
};

function runningEngine({ data, port }: KillOptions): ControlFile {
  const engines = readControlFiles(data);
  const chosen = port === undefined ? engines : engines.filter((each) => each.port === port);
  if (chosen.length === 1) return chosen[0];
  if (chosen.length > 1) {
    throw new InputError(
      `${chosen.length} engines run here: choose one with --port ${chosen.map((each) => each.port).join(', or --port ')}`,
    );
  }
  const others = engines.map((each) => each.port).join(' and ');
  throw new EnvironmentLacks(
    engines.length > 0
      ? `no engine listens at port ${port}; one does at ${others}`
      : `no engine runs with data folder ${data}; name its folder with --data, or send SIGUSR2 to its process`,
  );
}

async function ask(engine: ControlFile, path: string, init: RequestInit): Promise<Response> {
  const { port, pid } = engine;
  try {
    return await fetch(`http://127.0.0.1:${port}${path}`, {
      ...init,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
  } catch {
    throw new EnvironmentLacks(
      `engine ${pid} does not answer at port ${port}: kill -USR2 ${pid} halts it, too; then look at the venue's own page`,
    );
  }
}

async function send(engine: ControlFile, command: ControlCommand): Promise<void> {
  const answer = await ask(engine, '/control', {
    method: 'POST',
    headers: { 'content-type': 'application/json', [TOKEN_HEADER]: engine.token },
    body: JSON.stringify({ command }),
  });
  if (answer.ok) return;
  const { error } = (await answer.json().catch(() => ({}))) as { error?: string };
  throw new CheckFailed(`the engine at port ${engine.port} refused: ${error ?? answer.status}`);
}

type Health = Pick<EngineHealth, 'tradingState' | 'workingOrders'>;

const healthOf = async (engine: ControlFile): Promise<Health> =>
  (await (await ask(engine, '/health', {})).json()) as Health;

/** The health at which a halt is complete, or the last one before patience ends. */
async function quietHealth(engine: ControlFile): Promise<Health> {
  const until = performance.now() + QUIET_MS;
  for (;;) {
    const health = await healthOf(engine);
    const quiet = health.tradingState === 'halted' && health.workingOrders === 0;
    if (quiet || performance.now() > until) return health;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
