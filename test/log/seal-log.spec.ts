/** Sealing keeps every record, ends writing, and survives a crash at each of its steps. */
import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLogReader } from '../../src/log/log-reader.ts';
import { openLogForAppend } from '../../src/log/log-writer.ts';
import { type SealStep, sealLog } from '../../src/log/seal-log.ts';
import { verifyLog } from '../../src/log/verify-log.ts';
import { someRecords } from '../contracts/log-records.ts';
import { finishedLog, recordsOf, startLog, withFolder } from './sample-log.ts';

test('a sealed log holds the same records in one file that needs nothing beside it', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    finishedLog(path, 30, 40);
    const live = openLogReader(path);
    const liveHead = live.head();
    live.close();
    const head = sealLog(path);
    expect([head.seq, head.commit]).toEqual([1_200, 1]);
    expect(readdirSync(folder)).toEqual(['run.db']);
    expect(recordsOf(path)).toEqual(someRecords(1_200));
    const sealed = openLogReader(path);
    expect(sealed.sealed).toBe(true);
    expect(sealed.meta).toMatchObject({
      session: 'test é',
      lastSeq: '1200',
      liveCommits: '30',
      liveHead: liveHead.hash,
    });
    sealed.close();
    copyFileSync(path, join(folder, 'elsewhere.db'));
    expect(verifyLog(join(folder, 'elsewhere.db')).ok).toBe(true);
  });
});

test('a sealed log refuses writers, and sealing it again changes nothing', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    finishedLog(path);
    const head = sealLog(path);
    expect(() => openLogForAppend(path)).toThrow(/is sealed: it is finished/);
    expect(sealLog(path)).toEqual(head);
  });
});

test('a log that is being written cannot be sealed', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    const log = startLog(path, 1, 10);
    expect(() => sealLog(path)).toThrow(/is being written by another process/);
    log.close();
  });
});

test('a damaged log is not sealed', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    finishedLog(path);
    writeFileSync(`${path}.anchor`, 'nothing');
    expect(() => sealLog(path)).toThrow(/anchor is damaged/);
    expect(() => recordsOf(path)).toThrow(/anchor is damaged/);
  });
});

test.each<SealStep>(['written', 'verified', 'emptied', 'replaced', 'cleared'])(
  'a crash after the step "%s" leaves one good log, which can be sealed',
  (crash) => {
    for (const readerOpen of [false, true]) {
      withFolder((folder) => {
        const path = join(folder, 'run.db');
        const log = startLog(path, 3, 50);
        // An open reader keeps the write-ahead log on disk when the writer leaves.
        const reader = readerOpen ? openLogReader(path) : undefined;
        log.close();
        const onStep = (step: SealStep): void => {
          if (step === crash) throw new Error('crashed');
        };
        expect(() => sealLog(path, { onStep })).toThrow(/crashed/);
        expect(recordsOf(path)).toEqual(someRecords(150));
        reader?.close();
        sealLog(path);
        expect(recordsOf(path)).toEqual(someRecords(150));
        expect(readdirSync(folder)).toEqual(['run.db']);
      });
    }
  },
);
