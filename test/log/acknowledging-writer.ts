/** A process for the kill tests: appends to the log it is given and prints each seq that a flush acknowledged. */
import { writeSync } from 'node:fs';
import { createLog } from '../../src/log/log-writer.ts';
import { appendRecord, someRecords } from '../contracts/log-records.ts';

const log = createLog(process.argv[2], { session: 'killed' });
for (let from = 1; ; from += 20) {
  for (const record of someRecords(20, from)) {
    appendRecord(log, record);
    log.settle();
  }
  writeSync(1, `${log.flush()}\n`);
}
