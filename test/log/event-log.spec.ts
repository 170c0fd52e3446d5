/** Both logs keep the contract of the port. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { openLogReader } from '../../src/log/log-reader.ts';
import { createLog } from '../../src/log/log-writer.ts';
import { memoryLog } from '../../src/log/memory-log.ts';
import { testEventLog } from '../contracts/event-log.contract.ts';

describe('the log in memory', () => {
  testEventLog(() => {
    const log = memoryLog();
    return { log, cursor: (options) => log.cursor(options), dispose: () => log.close() };
  });
});

describe('the SQLite log', () => {
  testEventLog(() => {
    const folder = mkdtempSync(join(tmpdir(), 'quantos-log-'));
    const log = createLog(join(folder, 'run.db'), { session: 'test' });
    const reader = openLogReader(join(folder, 'run.db'));
    return {
      log,
      cursor: (options) => reader.cursor({ ...options, verify: true }),
      dispose() {
        reader.close();
        log.close();
        rmSync(folder, { recursive: true });
      },
    };
  });
});
