/**
 * `npm run campaign`: live sessions under drawn faults, two hundred of them unless told otherwise, and what came of them in one
 * table. `--seeds 1-200`, `--seed 17`, `--json`. Ends with 1 where a promise was broken.
 */
import { type CampaignSession, runSession } from '../test/live/campaign.ts';

const USAGE = 'usage: npm run campaign -- [--seeds A-B | --seed N] [--json]';
const DEFAULT_SEEDS = [1, 200] as const;

function refuse(what: string): never {
  process.stderr.write(`campaign: ${what}; ${USAGE}\n`);
  process.exit(2);
}

function seedsOf(args: readonly string[]): { readonly seeds: readonly number[]; readonly json: boolean } {
  let [from, to]: readonly number[] = DEFAULT_SEEDS;
  let json = false;
  for (let at = 0; at < args.length; at++) {
    const given = args[at + 1] ?? '';
    if (args[at] === '--json') json = true;
    else if (args[at] === '--seed' && /^\d+$/.test(given)) [from, to] = [Number(args[++at]), Number(given)];
    else if (args[at] === '--seeds' && /^\d+-\d+$/.test(given))
      [from, to] = args[++at].split('-').map(Number);
    else refuse(`${args[at]} ${given} is not understood`);
  }
  if (from > to) refuse(`seeds go from ${from} to ${to}: the first is the smaller one`);
  return { seeds: Array.from({ length: to - from + 1 }, (_, n) => from + n), json };
}

const rows: readonly (readonly [string, (session: CampaignSession) => number])[] = [
  ['sessions', () => 1],
  ['orders taken by the venue', ({ counts }) => counts.venueOrders],
  ...(
    [
      ['submits', 'SubmitAttempted'],
      ['fills', 'OrderFilled'],
      ['busted trades', 'TradeBusted'],
      ['corrected trades', 'TradeCorrected'],
      ['orders denied', 'OrderDenied'],
      ['cancels asked for', 'CancelAttempted'],
      ['outcomes unknown', 'OrderOutcomeUnknown'],
      ['look-ups', 'OrderLookupRequested'],
      ['orders given up', 'OrderGivenUp'],
      ['statuses unmapped', 'StatusUnmapped'],
      ['reconciliations asked for', 'ReconciliationRequested'],
      ['kills and restarts', 'kills'],
      ['resets by hand', 'resets'],
      ['gaps', 'FeedGapDetected'],
      ['backfills', 'BackfillRequested'],
    ] as const
  ).map(([name, key]) => [name, ({ counts }: CampaignSession) => counts[key] ?? 0] as const),
  ['violations', ({ violations }) => violations.length],
];

const { seeds, json } = seedsOf(process.argv.slice(2));
const sessions: CampaignSession[] = [];
const startedAt = Date.now();
for (const seed of seeds) {
  const session = await runSession(seed);
  sessions.push(session);
  const { scene, violations } = session;
  const seconds = Math.round((Date.now() - startedAt) / 1_000);
  process.stderr.write(`${sessions.length}/${seeds.length} seed ${seed} (${scene}), ${seconds} s\n`);
  for (const { invariant, what } of violations) process.stderr.write(`  ${invariant}: ${what}\n`);
  if (violations.length > 0) process.stderr.write(`  again alone: npm run campaign -- --seed ${seed}\n`);
}
const table = Object.fromEntries(
  rows.map(([name, of]) => [name, sessions.reduce((sum, session) => sum + of(session), 0)]),
);
const faults: Record<string, number> = {};
for (const session of sessions) {
  for (const [kind, count] of Object.entries(session.faults)) faults[kind] = (faults[kind] ?? 0) + count;
}
if (json) process.stdout.write(`${JSON.stringify({ table, faults, sessions })}\n`);
else {
  const print = (entries: Readonly<Record<string, number>>) => {
    for (const [name, count] of Object.entries(entries))
      process.stdout.write(`${`${count}`.padStart(9)}  ${name}\n`);
  };
  print(table);
  process.stdout.write('faults that happened:\n');
  print(Object.fromEntries(Object.entries(faults).sort(([a], [b]) => (a < b ? -1 : 1))));
}
process.exitCode = table.violations > 0 ? 1 : 0;
