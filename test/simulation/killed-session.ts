/**
 * A process for the kill tests: runs a session with a durable log and prints each seq that a flush made durable. It takes
 * its time, so that a kill finds it at work.
 */
import { writeSync } from 'node:fs';
import { simulate } from '../../src/engine/simulation.ts';
import { createLog } from '../../src/log/log-writer.ts';
import { runSpec, strategyOf } from '../engine/engine-run.ts';
import { killedRun } from './killed-run.ts';

const [, , path, everyText] = process.argv;
const every = Number(everyText);
const { dataset, options } = killedRun();
const log = createLog(path, { session: 'killed' });
const pause = new Int32Array(new SharedArrayBuffer(4));
let quiet = 0;
simulate({
  manifest: {
    session: 'killed',
    continues: null,
    mode: 'sim',
    run: runSpec(options),
    symbols: dataset.symbols.map(({ symbol }) => symbol),
    datasets: [{ name: dataset.name, head: dataset.head }],
    engineVersion: 'test',
    modelled: [],
  },
  strategy: strategyOf('sma-cross'),
  datasets: [dataset],
  to: null,
  sinkOf: () => ({
    tick: (seq, tick, source) => log.tick(seq, tick, source),
    event: (event) => log.event(event),
    settle: () => {
      quiet++;
      if (quiet % every === 0) writeSync(1, `${log.flush()}\n`);
      else log.settle();
      if (quiet % 16 === 0) Atomics.wait(pause, 0, 0, 1);
    },
  }),
});
log.close();
writeSync(1, 'done\n');
