/** `quantos state`: the engine's whole state at a moment of a recorded session. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { amount, money, NOTHING } from '../../../replay/format.ts';
import { stateAt } from '../../../replay/state-at.ts';
import { InputError } from '../../domain/input-error.ts';
import { withCommon } from '../options/common-options.ts';
import { plainTable } from '../plain-table.ts';
import { type CommonOptions, printJson, type Terminal } from '../terminal.ts';

type State = Awaited<ReturnType<typeof stateAt>>;

interface StateOptions extends CommonOptions {
  readonly at?: { readonly seq?: number; readonly time?: number };
}

export function addState(program: Command, terminal: Terminal): void {
  const command = program
    .command('state <log>')
    .description("shows cash, positions, orders and every actor's state at a moment of a session")
    .option('--at <seq|time>', 'a seq (after its cascade) or a time with its zone (the end)', moment);
  withCommon(
    command,
    'state out/demo.db --at 2008-10-10T20:00:00Z',
    'state out/demo.db --at 4711 --json',
  ).action(async (log: string, options: StateOptions) => {
    const state = await stateAt(log, options.at ?? {});
    if (options.json) printJson(terminal, state);
    else terminal.out(stateText(state));
  });
}

function moment(text: string): NonNullable<StateOptions['at']> {
  if (/^\d+$/.test(text)) return { seq: Number(text) };
  const time = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return { time: time * 1_000 };
  throw new InputError(
    `--at is "${text}"; write a seq such as 4711, or a time with its zone such as 2008-10-10T20:00:00Z`,
  );
}

function stateText({ seq, time, halted, cash, equity, positions, orders, actors }: State): string {
  const blocks = [
    `${pc.bold(time.replace('T', ' ').replace('.000Z', 'Z'))}, after seq ${seq}: equity ${money(equity)}, cash ${money(cash)}`,
  ];
  if (halted !== null) blocks.push(pc.red(`halted: ${JSON.stringify(halted)}`));
  blocks.push(
    positions.length === 0
      ? 'No position.'
      : plainTable(
          ['position', 'quantity', 'average', 'role'],
          positions.map(({ symbol, quantity, avgPx, role }) => [
            symbol,
            amount(quantity),
            avgPx === null ? NOTHING : amount(avgPx),
            role,
          ]),
          ['left', 'right', 'right', 'left'],
        ),
    orders.length === 0
      ? 'No working order.'
      : plainTable(
          ['order', 'side', 'symbol', 'quantity', 'filled', 'limit', 'stop', 'status', 'for'],
          orders.map((each) => [
            `${each.ordinal}`,
            each.side,
            each.symbol,
            each.quantity === null ? NOTHING : amount(each.quantity),
            amount(each.filled),
            each.limitPx === null ? NOTHING : amount(each.limitPx),
            each.stopPx === null ? NOTHING : amount(each.stopPx),
            each.status,
            each.working,
          ]),
          ['right', 'left', 'left', 'right', 'right', 'right', 'right', 'left', 'left'],
        ),
    plainTable(
      ['actor', 'state'],
      Object.entries(actors).map(([id, actor]) => [id, stateWord(actor.state)]),
    ),
  );
  return blocks.join('\n\n');
}

/** `trend bull, volatility calm` rather than JSON. */
function stateWord(state: unknown): string {
  if (typeof state === 'number') return amount(state);
  if (typeof state !== 'object' || state === null) return state === null ? NOTHING : String(state);
  return Object.entries(state)
    .map(([name, each]) => `${name} ${stateWord(each)}`)
    .join(', ');
}
