/** What the page and its server say to each other, beside the answers of `replay/log-view`. Types alone: both sides import them. */

import type { EngineMoment } from '../../replay/moment.ts';
import type { WhatIfResult } from '../../replay/what-if.ts';
import type { EngineHealth } from '../engine/live/engine-health.ts';

/** Which server this is, and what its page may do. */
export interface PageSession {
  /** Of this start of the process: another one means that everything has to be asked again. */
  readonly boot: string;
  /** The log's file, without its folders; null before the first session. */
  readonly log: string | null;
  /** An engine runs behind it and takes commands. */
  readonly live: boolean;
  /** The token that was sent along is this start's. */
  readonly mayAct: boolean;
}

/** What the engine says of itself beside its log; the page needs no more of it. */
export type PageHealth = Pick<EngineHealth, 'state' | 'why'>;

/** One message of the stream: the newest of everything. */
export interface PageNews {
  readonly boot: string;
  readonly log: string | null;
  readonly health: PageHealth | null;
  readonly moment: EngineMoment | null;
  /** Why there is no moment; null where there is one. */
  readonly trouble: string | null;
}

/** The changes that a what-if is asked for; at least one. */
export interface WhatIfAsked {
  readonly strategy?: string;
  /** `key=value`, as on the command line. */
  readonly set?: readonly string[];
  readonly instruments?: 'equity' | 'all';
  readonly hedge?: 'on' | 'off';
}

export type WhatIfStatus =
  | { readonly id: number; readonly state: 'running'; readonly done: number; readonly total: number }
  | { readonly id: number; readonly state: 'failed'; readonly error: string }
  | { readonly id: number; readonly state: 'done'; readonly result: WhatIfResult };

/** A statechart there is. */
export interface MachineName {
  readonly name: string;
  /** What it decides, in a sentence. */
  readonly about: string;
}

export interface MachineDrawing extends MachineName {
  /** Its states carry `data-state`. */
  readonly svg: string;
}
