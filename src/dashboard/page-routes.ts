/** The page, its stream and its questions. All of it is GET and changes nothing; what acts is elsewhere. */
import type { Context } from 'hono';
import { z } from 'zod';
import type { EventQuery, LogView } from '../../replay/log-view.ts';
import { InputError } from '../domain/input-error.ts';
import { schemaSentence } from '../domain/schema-sentence.ts';
import { eventStream } from './event-stream.ts';
import { isToken, type LocalApp, refuse, TOKEN_HEADER } from './local-server.ts';
import type { PageSession } from './page-api.ts';
import type { PageAssets } from './page-bundle.ts';
import { READERS_MAX, type WatchedSession } from './watched-session.ts';

export interface PageParts {
  readonly assets: PageAssets;
  readonly session: WatchedSession;
  /** An engine behind it takes commands. */
  readonly live: boolean;
  readonly token: string;
}

/** Everything the page is made of comes from here; styles of single elements are set by script, never by markup. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const whole = z
  .string()
  .regex(/^\d{1,16}$/, 'a whole number')
  .transform(Number);
const span = { fromUs: whole.optional(), toUs: whole.optional(), upTo: whole.optional() };
const points = { points: whole.optional() };

const questions = {
  moment: z.strictObject({ seq: whole.optional(), timeUs: whole.optional() }),
  events: z.strictObject({
    before: whole.optional(),
    after: whole.optional(),
    types: z
      .string()
      .max(2_000)
      .transform((text) => text.split(',').filter(Boolean))
      .optional(),
    search: z.string().max(200).optional(),
    limit: whole.optional(),
  }),
  event: z.strictObject({ seq: whole }),
  series: z.strictObject({ symbol: z.string().min(1).max(64), ...span, ...points }),
  equity: z.strictObject({ ...span, ...points }),
  fills: z.strictObject(span),
};

const answers: {
  readonly [Q in keyof typeof questions]: (view: LogView, asked: z.output<(typeof questions)[Q]>) => unknown;
} = {
  moment: (view, asked) => view.moment(asked),
  events: (view, asked) => view.events(asked as EventQuery),
  event: (view, { seq }) => view.event(seq),
  series: (view, asked) => view.series(asked),
  equity: (view, asked) => view.equity(asked),
  fills: (view, asked) => view.fills(asked),
};

export function pageRoutes(app: LocalApp, { assets, session, live, token }: PageParts): void {
  for (const [path, { contentType, body }] of assets) {
    app.get(path, (context) =>
      context.body(body, 200, { 'content-type': contentType, 'content-security-policy': PAGE_POLICY }),
    );
  }
  app.get('/api/session', (context) => {
    const mayAct = isToken(context.req.header(TOKEN_HEADER) ?? '', token);
    return context.json({ boot: session.boot, log: session.name, live, mayAct } satisfies PageSession);
  });
  app.get('/api/live', (context) => {
    const leave = session.join();
    if (leave === null) return refuse(context, 503, `${READERS_MAX} pages follow already: close one of them`);
    return context.body(eventStream(session.news, leave), 200, { 'content-type': 'text/event-stream' });
  });
  for (const name of Object.keys(questions) as (keyof typeof questions)[]) {
    app.get(`/api/${name}`, (context) => answer(context, session, name));
  }
  app.all('/api/live', (context) => refuse(context, 405, 'GET only'));
}

async function answer(context: Context, session: WatchedSession, name: keyof typeof questions) {
  const { view } = session;
  if (view === null) return refuse(context, 503, 'no session has begun yet');
  const asked = questions[name].safeParse(context.req.query());
  if (!asked.success) return refuse(context, 400, schemaSentence(asked.error, name, context.req.query()));
  return replied(context, async () => answers[name](view, asked.data as never));
}

/** What a person asked wrongly is told in a sentence; anything else is ours. */
async function replied(context: Context, ask: () => unknown) {
  try {
    return context.json((await ask()) as object);
  } catch (error) {
    if (error instanceof InputError) return refuse(context, 400, error.message);
    throw error;
  }
}
