/** The logs of an account's sessions: how they are named, and which one is the newest. */
import { randomInt } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { anchorPath } from '../../log/anchor.ts';
import { lockPath } from '../../log/writer-lock.ts';

/** `paper-20261122T223801-k3f9`, and `.2`, `.3` for what it rolled to. */
export interface SessionName {
  /** The first session's name: what client order ids begin with. */
  readonly chain: string;
  readonly n: number;
}

const NAME = /^((?:paper|live)-\d{8}T\d{6}-[0-9a-z]{4})(?:\.(\d+))?$/;
/** Two engines that begin in one second, on two machines, must not give out the same order ids. */
const SUFFIXES = 36 ** 4;

export const nameText = ({ chain, n }: SessionName): string => (n === 1 ? chain : `${chain}.${n}`);

export const nextName = ({ chain, n }: SessionName): SessionName => ({ chain, n: n + 1 });

function readName(text: string): SessionName | null {
  const parts = NAME.exec(text);
  return parts === null ? null : { chain: parts[1], n: Number(parts[2] ?? 1) };
}

/** `now`: microseconds. */
export function newChain(mode: 'paper' | 'live', now: number): SessionName {
  const second = new Date(now / 1_000).toISOString().slice(0, 19).replace(/[-:]/g, '');
  return { chain: `${mode}-${second}-${randomInt(SUFFIXES).toString(36).padStart(4, '0')}`, n: 1 };
}

/** When a chain began, microseconds. */
export function beginOf({ chain }: SessionName): number {
  const [, y, mo, d, h, mi, s] = /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)-/.exec(chain)!.map(Number);
  return Date.UTC(y, mo - 1, d, h, mi, s) * 1_000;
}

export class SessionFiles {
  readonly folder: string;

  constructor(dataFolder: string, accountId: string) {
    this.folder = join(dataFolder, accountId.replace(/[^\w-]/g, '_'));
    mkdirSync(this.folder, { recursive: true });
  }

  /** What the account's lock is taken on. */
  get pathOfEngine(): string {
    return join(this.folder, 'engine');
  }

  pathOf(name: SessionName): string {
    return join(this.folder, `${nameText(name)}.db`);
  }

  /** Every session that has a log, oldest first. */
  all(): SessionName[] {
    const names = readdirSync(this.folder).flatMap((file) => {
      const name = file.endsWith('.db') ? readName(file.slice(0, -3)) : null;
      return name === null ? [] : [name];
    });
    return names.sort((a, b) => (a.chain === b.chain ? a.n - b.n : a.chain < b.chain ? -1 : 1));
  }

  /** Removes a log in which nothing was ever committed: its engine died between making it and beginning. */
  remove(name: SessionName): void {
    const path = this.pathOf(name);
    for (const each of [path, `${path}-wal`, `${path}-shm`, anchorPath(path), lockPath(path)])
      rmSync(each, { force: true });
  }
}
