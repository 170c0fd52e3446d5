/** `quantos state`: the engine's whole state at a moment of a recorded session. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { amount, dollars, money, NOTHING, percent, plain } from '../../../replay/format.ts';
import { stateAt } from '../../../replay/state-at.ts';
import { InputError } from '../../domain/input-error.ts';
import type { LimitName } from '../../engine/risk-limits.ts';
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

function stateText(state: State): string {
  const { seq, time, halted, cash, equity, orders, actors } = state;
  const { buyingPower } = state.exposure;
  const blocks = [
    `${pc.bold(time.replace('T', ' ').replace('.000Z', 'Z'))}, after seq ${seq}: equity ${money(equity)}, cash ${money(cash)}, buying power ${money(buyingPower)}`,
  ];
  if (halted !== null) blocks.push(pc.red(`halted: ${JSON.stringify(halted)}`));
  blocks.push(
    ...positionBlocks(state),
    ...volatilityBlock(state),
    ...hedgeBlock(state),
    ...viewBlocks(state),
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
    limitsBlock(state),
    plainTable(
      ['actor', 'state'],
      Object.entries(actors).map(([id, actor]) => [id, stateWord(actor.state)]),
    ),
  );
  return blocks.join('\n\n');
}

const NUMBERS = Array.from({ length: 8 }, () => 'right' as const);

/** What is held, what it moves with, and both in sum. Greeks are dollars: their units stand in the head. */
function positionBlocks({ positions, exposure }: State): string[] {
  if (positions.length === 0) return ['No position.'];
  const held = plainTable(
    ['position', 'role', 'quantity', 'average', 'now', 'value', 'unrealized'],
    positions.map(({ symbol, role, quantity, avgPx, lastPx, value, unrealized }) => [
      symbol,
      role,
      amount(quantity),
      avgPx === null ? NOTHING : amount(avgPx),
      lastPx === null ? NOTHING : amount(lastPx),
      money(value),
      money(unrealized),
    ]),
    ['left', 'left', ...NUMBERS],
  );
  const { netDelta, betaWeightedDelta, gamma, vega, theta, premiumAtRisk } = exposure;
  const sums = { delta: netDelta, betaWeightedDelta, gamma, vega, theta, premium: premiumAtRisk };
  const moves = plainTable(
    ['greeks in dollars', 'delta', 'beta-weighted', 'gamma/1 %', 'vega/vol pt', 'theta/day', 'at risk'],
    [...positions, { symbol: 'all', ...sums }].map((each) => [
      each.symbol,
      dollars(each.delta),
      dollars(each.betaWeightedDelta),
      dollars(each.gamma),
      dollars(each.vega),
      dollars(each.theta),
      dollars(each.premium),
    ]),
    ['left', ...NUMBERS],
  );
  return [held, moves];
}

function volatilityBlock({ volatility }: State): string[] {
  const rows = Object.entries(volatility).map(([symbol, each]) => [
    symbol,
    each.chain,
    each.guard ?? NOTHING,
    percent(each.atm),
    percent(each.rank, 0),
    percent(each.percentile, 0),
    plain(each.ratio),
  ]);
  if (rows.length === 0) return [];
  const head = ['volatility', 'chain', 'guard', 'at the money', 'rank', 'percentile', 'to realised'];
  return [plainTable(head, rows, ['left', 'left', 'left', ...NUMBERS])];
}

/** What was sized for an earlier breakdown says nothing here. */
const AT_REST: ReadonlySet<string> = new Set(['idle', 'armed', 'cooldown']);

function hedgeBlock({ hedge, exposure }: State): string[] {
  if (hedge === null) return [];
  const { state, sized } = hedge;
  const held =
    exposure.hedgeDelta === 0 ? '' : `, puts take away ${dollars(0 - exposure.hedgeDelta)} of delta`;
  if (sized === null || AT_REST.has(state)) return [`Hedge: ${state}${held}`];
  const { contract, quantity, target, unhedged } = sized;
  const wanted = contract === null ? 'no put would do' : `${quantity} ${contract}`;
  const open = unhedged > 0 ? `, ${dollars(unhedged)} left open` : '';
  return [
    `Hedge: ${state}${held}; sized last: ${wanted} for ${dollars(target)} of ${dollars(sized.exposure)}${open}`,
  ];
}

const LIMITS: Readonly<Record<LimitName, string>> = {
  symbolExposure: 'exposure',
  grossExposure: 'gross exposure',
  netDelta: 'net delta',
  buyingPower: 'buying power',
  portfolioHeat: 'portfolio heat',
  dailyLossReduce: 'loss of the day, only reducing',
  dailyLossHalt: 'loss of the day, halted',
  intentsThisMinute: 'intents this minute',
  rejectsInARow: 'rejects in a row',
  rejectsThisMinute: 'rejects this minute',
  venueCallsThisMinute: "the venue's calls this minute",
  hedgePremiumOfYear: 'hedge premium of a year',
};

/** What the next order would be measured against. */
function limitsBlock({ limits }: State): string {
  const told = (value: number, unit: State['limits'][number]['unit']) =>
    unit === 'share' ? percent(value) : unit === 'dollars' ? dollars(value) : amount(value);
  const rows = limits.map(({ name, symbol, used, limit, unit }) => [
    symbol === null ? LIMITS[name] : `${LIMITS[name]} of ${symbol}`,
    told(used, unit),
    told(limit, unit),
  ]);
  const isOff = limits.some(({ enforced }) => !enforced);
  return plainTable([isOff ? 'limit (not enforced)' : 'limit', 'used', 'of'], rows, ['left', ...NUMBERS]);
}

function viewBlocks({ views }: State): string[] {
  if (views === null) return [];
  const said = `View only, from ${views.source}: ${views.status}, ${views.detail}`;
  if (views.prices.length === 0) return [said];
  const rows = views.prices.map(({ symbol, px, previousClosePx, ageMs }) => [
    symbol,
    amount(px),
    previousClosePx === null ? NOTHING : amount(previousClosePx),
    `${Math.round(ageMs / 1_000)} s`,
  ]);
  const head = ['VIEW ONLY', 'price', 'close before', 'age'];
  return [`${said}\n${plainTable(head, rows, ['left', ...NUMBERS])}`];
}

/** `trend bull, volatility calm` rather than JSON. */
function stateWord(state: unknown): string {
  if (typeof state === 'number') return amount(state);
  if (typeof state !== 'object' || state === null) return state === null ? NOTHING : String(state);
  return Object.entries(state)
    .map(([name, each]) => `${name} ${stateWord(each)}`)
    .join(', ');
}
