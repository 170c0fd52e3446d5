/** `npm run bench`: measures what the engine promises beside what bounds it. `-- --help` says how to pick. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { appendQuotes } from './append-quotes.bench.ts';
import { backtestBars } from './backtest-bars.bench.ts';
import type { Benchmark, Measurement } from './benchmark.ts';
import { dashboard } from './dashboard.bench.ts';
import { flood } from './flood.bench.ts';
import { liveLatency } from './live-latency.bench.ts';
import { optionMaths } from './option-maths.bench.ts';
import { rawRates } from './raw-rates.bench.ts';
import { replayMemory } from './replay-memory.bench.ts';
import { replayQuotes } from './replay-quotes.bench.ts';
import { timeTravel } from './time-travel.bench.ts';

const benchmarks: readonly Benchmark[] = [
  rawRates,
  appendQuotes,
  replayQuotes,
  backtestBars,
  replayMemory,
  optionMaths,
  liveLatency,
  flood,
  timeTravel,
  dashboard,
];

const USAGE = `npm run bench -- [NAME...] [--small] [--json]

${benchmarks.map(({ name, about }) => `  ${name.padEnd(15)} ${about}`).join('\n')}

  --small         tiny sizes: shows that everything runs, measures nothing
  --json          one document: [{ name, value, unit, limit, peer, ratio, goal }]
`;

function argsGiven() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        small: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

const { values, positionals } = argsGiven();

const unknown = positionals.find((each) => !benchmarks.some(({ name }) => name === each));
if (values.help || unknown !== undefined) {
  if (unknown !== undefined) console.error(`there is no benchmark "${unknown}"\n`);
  console.log(USAGE);
  process.exit(unknown === undefined ? 0 : 2);
}

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });

function printTable(measurements: readonly Measurement[]): void {
  const table = new Table({
    head: ['benchmark', 'value', 'unit', 'beside', 'ratio', 'goal'],
    style: { head: [] },
  });
  for (const { name, value, unit, limit, peer, ratio, goal } of measurements) {
    const beside =
      peer === null
        ? limit === null
          ? ''
          : `limit ${number.format(limit)}`
        : `${peer.name} ${number.format(peer.value)}`;
    table.push([
      name,
      number.format(value),
      unit,
      beside,
      ratio === null ? '' : ratio.toFixed(2),
      goal ?? '',
    ]);
  }
  console.log(table.toString());
}

const picked =
  positionals.length === 0 ? benchmarks : benchmarks.filter(({ name }) => positionals.includes(name));
const measurements: Measurement[] = [];
for (const benchmark of picked) {
  if (!values.json) console.error(`${benchmark.name}: ${benchmark.about}`);
  const folder = mkdtempSync(join(tmpdir(), 'quantos-bench-'));
  try {
    measurements.push(...(await benchmark.run({ small: values.small ?? false, folder })));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
if (values.json)
  console.log(JSON.stringify(measurements, ['name', 'value', 'unit', 'limit', 'peer', 'ratio', 'goal'], 2));
else printTable(measurements);
