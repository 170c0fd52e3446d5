/**
 * What a benchmark is, and how its contenders are measured: each in a process of its own, so that no one pays for
 * another's memory, taking turns, so that a noisy machine is noisy to all of them, in CPU seconds.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** A bound the value itself has to keep, or what it was measured against in the same run; null where there is neither. */
  readonly limit: number | null;
  readonly peer: { readonly name: string; readonly value: number } | null;
  /** value / peer, or value / limit. */
  readonly ratio: number | null;
  /** What the ratio should be, in words: `>= 0.6`. */
  readonly goal: string | null;
}

export interface Scale {
  /** Tiny sizes: everything runs, no number means anything. */
  readonly small: boolean;
  /** An empty folder of its own, removed afterwards. */
  readonly folder: string;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  run(scale: Scale): Promise<readonly Measurement[]>;
}

/** One turn of a contender: what it cost, and whatever else it counted. */
export interface Turn {
  readonly cpuSeconds: number;
  readonly [count: string]: number;
}

/** Prepares once, outside the measurement; what it returns takes one turn. */
export type Contender<A = never> = (argument: A) => Promise<() => Promise<Turn>> | (() => Promise<Turn>);

/** CPU seconds that `work` takes, of all threads: user and system. */
export async function cpuSecondsOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000_000;
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

type Answer = { readonly ready: true } | { readonly turn: Turn } | { readonly failed: string };

const CHILD = fileURLToPath(new URL('contender.ts', import.meta.url));

/** A contender in its own process. */
export class Rival {
  readonly #name: string;
  readonly #child: ChildProcess;

  private constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
  }

  static async start(module: string, name: string, argument: unknown): Promise<Rival> {
    const child = fork(CHILD, [module, name, JSON.stringify(argument)], { execArgv: process.execArgv });
    const rival = new Rival(name, child);
    await rival.#answer();
    return rival;
  }

  async turn(): Promise<Turn> {
    this.#child.send('turn');
    const answer = await this.#answer();
    if (!('turn' in answer)) throw new Error(`${this.#name} answered out of turn`);
    return answer.turn;
  }

  stop(): void {
    this.#child.disconnect();
  }

  #answer(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const gone = (code: number | null) =>
        reject(new Error(`${this.#name} ended with ${code ?? 'a signal'}`));
      this.#child.once('exit', gone);
      this.#child.once('message', (answer: Answer) => {
        this.#child.off('exit', gone);
        if ('failed' in answer) reject(new Error(`${this.#name}: ${answer.failed}`));
        else resolve(answer);
      });
    });
  }
}

/** Lets the contenders of a benchmark's file take turns. Where there are several, the first warms up and does not count. */
export async function compete<N extends string>(
  module: string,
  contenders: Readonly<Record<N, unknown>>,
  turns: number,
): Promise<Record<N, Turn>> {
  const names = Object.keys(contenders) as N[];
  const rivals: Rival[] = [];
  const taken = new Map<N, Turn[]>(names.map((name) => [name, []]));
  try {
    for (const name of names) rivals.push(await Rival.start(module, name, contenders[name]));
    for (let i = 0; i < turns; i++) {
      for (const [at, name] of names.entries()) {
        const turn = await rivals[at].turn();
        if (i > 0 || turns === 1) taken.get(name)!.push(turn);
      }
    }
  } finally {
    for (const rival of rivals) rival.stop();
  }
  const middle = (of: readonly Turn[]): Turn => {
    const cpuSeconds = median(of.map((turn) => turn.cpuSeconds));
    return of.find((turn) => turn.cpuSeconds === cpuSeconds)!;
  };
  return Object.fromEntries(names.map((name) => [name, middle(taken.get(name)!)])) as Record<N, Turn>;
}
