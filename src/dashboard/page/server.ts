/** What the page asks of its server, and how it is told that it may not. */
import type {
  EquityCurve,
  EventDetail,
  EventPage,
  EventQuery,
  SymbolSeries,
} from '../../../replay/log-view.ts';
import type { EngineMoment } from '../../../replay/moment.ts';
import type {
  MachineDrawing,
  MachineName,
  PageNews,
  PageSession,
  WhatIfAsked,
  WhatIfStatus,
} from '../page-api.ts';

/** The server's own sentence. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}

type Said = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** Questions that wait for their answers. Who takes a picture of the page waits for none. */
let waiting = 0;

function settle(): void {
  const isQuiet = waiting === 0;
  // What was answered is drawn in the frame after the next.
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      document.body.dataset.quiet = String(isQuiet && waiting === 0);
    }),
  );
}

async function ask<T>(path: string, said: Said = {}, init: RequestInit = {}): Promise<T> {
  waiting += 1;
  document.body.dataset.quiet = 'false';
  try {
    return await asked<T>(path, said, init);
  } finally {
    waiting -= 1;
    settle();
  }
}

async function asked<T>(path: string, said: Said, init: RequestInit): Promise<T> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(said)) {
    if (value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  const answer = await fetch(text === '' ? path : `${path}?${text}`, init);
  const read = (await answer.json().catch(() => ({}))) as { readonly error?: string };
  if (!answer.ok) throw new Refused(answer.status, read.error ?? `the server answered ${answer.status}`);
  return read as T;
}

const HEADER = 'x-quantos-token';

const act = <T>(path: string, token: string | null, body: unknown): Promise<T> =>
  ask<T>(
    path,
    {},
    {
      method: 'POST',
      headers: { 'content-type': 'application/json', [HEADER]: token ?? '' },
      body: JSON.stringify(body),
    },
  );

export type Command = 'halt' | 'reduceOnly' | 'reset' | 'flatten';

export const server = {
  session: (token: string | null) =>
    ask<PageSession>('/api/session', {}, token === null ? {} : { headers: { [HEADER]: token } }),
  moment: (seq: number, signal?: AbortSignal) => ask<EngineMoment>('/api/moment', { seq }, { signal }),
  momentAt: (timeUs: number) => ask<EngineMoment>('/api/moment', { timeUs }),
  events: ({ types, ...query }: EventQuery) =>
    ask<EventPage>('/api/events', { ...query, types: types?.join(',') }),
  event: (seq: number) => ask<EventDetail>('/api/event', { seq }),
  series: (symbol: string, points: number, upTo?: number) =>
    ask<SymbolSeries>('/api/series', { symbol, points, upTo }),
  equity: (points: number) => ask<EquityCurve>('/api/equity', { points }),
  machines: () => ask<readonly MachineName[]>('/api/machines'),
  machine: (name: string) => ask<MachineDrawing>('/api/machine', { name }),
  command: (token: string | null, command: Command, symbol?: string) =>
    act<object>('/control', token, symbol === undefined ? { command } : { command, symbol }),
  whatIf: (token: string | null, asked: WhatIfAsked) => act<WhatIfStatus>('/api/what-if', token, asked),
  whatIfStatus: (id: number) => ask<WhatIfStatus>('/api/what-if', { id }),
};

/** Follows the server's stream; the browser comes back by itself whenever it is lost. */
export function follow(on: {
  readonly open: () => void;
  readonly lost: () => void;
  readonly news: (news: PageNews) => void;
}): () => void {
  let source: EventSource | null = null;
  let again: number | undefined;
  const connect = () => {
    source = new EventSource('/api/live');
    source.onopen = on.open;
    source.onmessage = ({ data }) => on.news(JSON.parse(data) as PageNews);
    source.onerror = () => {
      on.lost();
      // A server that refuses, or was not there at all, ends the browser's own attempts.
      if (source?.readyState === EventSource.CLOSED) again = window.setTimeout(connect, 1_000);
    };
  };
  connect();
  return () => {
    clearTimeout(again);
    source?.close();
  };
}
