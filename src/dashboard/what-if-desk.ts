/**
 * Reruns that a page asks for: one at a time, in a thread of its own, its result kept until the next one. It is asked for
 * with the token, since it costs the time of the computer that trades.
 */

import { z } from 'zod';
import type { WhatIfResult } from '../../replay/what-if.ts';
import { InputError } from '../domain/input-error.ts';
import { schemaSentence } from '../domain/schema-sentence.ts';
import { acting, type LocalApp, refuse } from './local-server.ts';
import type { WhatIfAsked, WhatIfStatus } from './page-api.ts';

/** A rerun that has begun. */
export interface Rerun {
  readonly result: Promise<WhatIfResult>;
  stop(): void;
}

export type BeginRerun = (
  log: string,
  asked: WhatIfAsked,
  onProgress: (done: number, total: number) => void,
) => Rerun;

const TEXT_MAX = 200;
const SETTINGS_MAX = 40;
/** Differences that a page lists of each kind, and some. */
const LISTED_MAX = 200;

const question = z.strictObject({
  strategy: z.string().min(1).max(TEXT_MAX).optional(),
  set: z
    .array(
      z
        .string()
        .regex(/^[^=]+=/, 'key=value')
        .max(TEXT_MAX),
    )
    .max(SETTINGS_MAX)
    .optional(),
  instruments: z.enum(['equity', 'all']).optional(),
  hedge: z.enum(['on', 'off']).optional(),
});

export class WhatIfDesk {
  readonly #begin: BeginRerun;
  #status: WhatIfStatus | null = null;
  #running: Rerun | null = null;
  #id = 0;

  constructor(begin: BeginRerun) {
    this.#begin = begin;
  }

  get isBusy(): boolean {
    return this.#running !== null;
  }

  status(id: number): WhatIfStatus | null {
    return this.#status?.id === id ? this.#status : null;
  }

  begin(log: string, asked: WhatIfAsked): WhatIfStatus {
    const id = (this.#id += 1);
    const say = (status: WhatIfStatus) => {
      if (this.#id === id) this.#status = status;
    };
    const running = this.#begin(log, asked, (done, total) => say({ id, state: 'running', done, total }));
    this.#running = running;
    say({ id, state: 'running', done: 0, total: 0 });
    void running.result
      .then(
        (result) => say({ id, state: 'done', result: shortened(result) }),
        (error) =>
          say({ id, state: 'failed', error: error instanceof Error ? error.message : String(error) }),
      )
      .finally(() => {
        this.#running = null;
      });
    return this.#status!;
  }

  close(): void {
    this.#running?.stop();
  }
}

/** Their counts stand beside the lists. */
const shortened = (result: WhatIfResult): WhatIfResult => ({
  ...result,
  added: result.added.slice(0, LISTED_MAX),
  removed: result.removed.slice(0, LISTED_MAX),
  changed: result.changed.slice(0, LISTED_MAX),
});

interface WhatIfParts {
  readonly desk: WhatIfDesk;
  /** The log that is looked at; null before there is one. */
  readonly log: () => string | null;
  readonly token: string;
}

export function whatIfRoutes(app: LocalApp, { desk, log, token }: WhatIfParts): void {
  app.get('/api/what-if', (context) => {
    const status = desk.status(Number(context.req.query('id')));
    return status === null ? refuse(context, 404, 'there is no such rerun any more') : context.json(status);
  });
  app.post('/api/what-if', acting(token), async (context) => {
    const given = await context.req.json().catch(() => null);
    const asked = question.safeParse(given);
    if (!asked.success) return refuse(context, 400, schemaSentence(asked.error, 'what-if', given));
    if (Object.keys(asked.data).length === 0)
      return refuse(
        context,
        400,
        'ask for something that is to be other: strategy, set, hedge or instruments',
      );
    const path = log();
    if (path === null) return refuse(context, 503, 'no session has begun yet');
    if (desk.isBusy) return refuse(context, 409, 'a rerun is on its way: wait for it');
    try {
      return context.json(desk.begin(path, asked.data), 202);
    } catch (error) {
      if (error instanceof InputError) return refuse(context, 400, error.message);
      throw error;
    }
  });
  app.all('/api/what-if', (context) => refuse(context, 405, 'GET or POST only'));
}
