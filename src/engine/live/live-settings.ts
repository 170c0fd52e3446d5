/**
 * How a live process is set up: what it trades, where its data come from, where it keeps its logs. From the `live` part of
 * a configuration file and from the environment, which goes first. What it decides by is the rest of that file.
 */
import { z } from 'zod';
import { redisAddress } from '../../adapters/redis/redis-address.ts';
import { InputError } from '../../domain/input-error.ts';
import { schemaSentence } from '../../domain/schema-sentence.ts';
import { bigQuerySettings } from './bigquery-settings.ts';

const liveSettingsSchema = z.strictObject({
  /** Shares as the venue writes them (`SPY`, `BRK.B`), coins as pairs (`BTC/USD`). */
  symbols: z.array(z.string().min(1)).min(1),
  /** Logs of sessions, one folder for each account. */
  dataFolder: z.string().min(1).default('live'),
  /** Where health, metrics and the kill switch answer on this machine; null for nowhere. */
  port: z.int().min(0).max(65_535).nullable().default(0),
  /** `iex` is one exchange of many and comes with every account; `sip` is the whole market. */
  stockFeed: z.enum(['iex', 'sip']).default('iex'),
  /** `indicative` quotes are derived and come with every account; `opra` are the real ones. */
  optionFeed: z.enum(['indicative', 'opra']).default('indicative'),
  /** Let real money rest on `iex` or `indicative` data. */
  trustsPartialData: z.boolean().default(false),
  /** A server that speaks Alpaca's protocols, such as one of `quantos sim-venue`; null for Alpaca. */
  venueUrl: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  /** A server that speaks Yahoo's form and is shown while a feed is away; null for Yahoo, and for nobody beside a simulator. */
  viewUrl: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  /** What happens to working orders when the engine is stopped; protective stops always stay. */
  onStop: z.enum(['cancel', 'leave']).default('cancel'),
  /** What happens to them when the engine halts by a fault of its own, or cannot record any more: nobody watches them then. */
  onHalt: z.enum(['cancel', 'leave']).default('cancel'),
  /** Told of halts, lost feeds and differences; null for nobody. */
  alertWebhook: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  /** The Redis on which other programs share the Intel Bus, its database as the path; null: the bus stays in this process. */
  redisUrl: z.string().nullable().default(null),
  /** PEM of the authority behind a `rediss://` address; null: those this computer trusts. */
  redisCaFile: z.string().min(1).nullable().default(null),
  /** An address that tells fear and greed, and the JSON pointer to its number; null: only the Intel Bus tells it. */
  fearGreed: z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }),
      pointer: z
        .string()
        .regex(/^([/].*)?$/, 'expected a JSON pointer such as "/data/0/value"')
        .default(''),
    })
    .nullable()
    .default(null),
  /** The table in Google's BigQuery that tells volume spikes; null: they are counted on the engine's own bars. */
  bigquery: bigQuerySettings.nullable().default(null),
  /** Option chains are fetched this often in the session. */
  chainEveryMs: z.int().min(1_000).default(60_000),
  /** Strikes that are fetched lie this far from the price at most, as a share of it. */
  strikeShare: z.number().positive().max(1).default(0.25),
});
export type LiveSettings = z.infer<typeof liveSettingsSchema>;
export type LiveSettingsInput = z.input<typeof liveSettingsSchema>;

/** The `live` part of a file: whatever it leaves out comes from elsewhere. Defaults are laid under all of it at the end. */
export const liveSettingsFile = z.custom<Partial<LiveSettingsInput>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'an object',
);

type Environment = Readonly<Record<string, string | undefined>>;

const whole = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));
const names = (text: string): string[] =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean);

/** `https://example.com/fng#/data/0/value`: what follows the number sign points at the number. */
const fearGreedAddress = (text: string): object => {
  const [url, pointer = ''] = text.split('#');
  return { url, pointer };
};

/** The variables there are, and how each is read. */
const VARIABLES: Readonly<
  Record<string, readonly [keyof LiveSettings, (text: string, before: unknown) => unknown]>
> = {
  QUANTOS_SYMBOLS: ['symbols', names],
  QUANTOS_DATA: ['dataFolder', String],
  QUANTOS_PORT: ['port', whole],
  QUANTOS_STOCK_FEED: ['stockFeed', String],
  QUANTOS_OPTION_FEED: ['optionFeed', String],
  QUANTOS_VENUE_URL: ['venueUrl', String],
  QUANTOS_VIEW_URL: ['viewUrl', String],
  QUANTOS_ON_STOP: ['onStop', String],
  QUANTOS_ON_HALT: ['onHalt', String],
  QUANTOS_ALERT_WEBHOOK: ['alertWebhook', String],
  QUANTOS_REDIS_URL: ['redisUrl', String],
  QUANTOS_REDIS_CA_FILE: ['redisCaFile', String],
  QUANTOS_FEAR_GREED_URL: ['fearGreed', fearGreedAddress],
  QUANTOS_BIGQUERY_TABLE: ['bigquery', (table, before) => ({ ...(before as object | null), table })],
};

/** Flags go before the environment, the environment before the file. Throws InputError with one sentence. */
export function liveSettings(
  flags: Partial<LiveSettingsInput>,
  env: Environment,
  file: { readonly name: string; readonly live: Partial<LiveSettingsInput> },
): LiveSettings {
  const given: Record<string, unknown> = { ...file.live };
  const origin = new Map<string, string>();
  for (const [variable, [key, read]] of Object.entries(VARIABLES)) {
    const text = env[variable];
    if (text === undefined) continue;
    given[key] = read(text, given[key]);
    origin.set(key, variable);
  }
  for (const [key, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    given[key] = value;
    origin.set(key, 'start');
  }
  if (given.symbols === undefined) {
    throw new InputError(
      'nothing to trade is named; give --symbols SPY,QQQ, or live.symbols in a --config file',
    );
  }
  const whereIs = (key: PropertyKey) => origin.get(String(key)) ?? `${file.name}, live`;
  for (const key of ADDRESSES) {
    if (!holdsPassword(addressIn(given[key]))) continue;
    const remedy =
      key === 'redisUrl'
        ? 'set QUANTOS_REDIS_USER and QUANTOS_REDIS_PASSWORD in the environment instead'
        : 'leave them out';
    throw new InputError(`${whereIs(key)}: ${key} holds a user name or a password; ${remedy}`);
  }
  const parsed = liveSettingsSchema.safeParse(given);
  if (parsed.success) {
    const { redisUrl } = parsed.data;
    if (redisUrl !== null) redisAddress(redisUrl, {}, `${whereIs('redisUrl')}: redisUrl`);
    return parsed.data;
  }
  const where = whereIs(parsed.error.issues[0].path[0]);
  // Whoever has a webhook's address may write to it, also where it is misspelt.
  const shown = given.alertWebhook === undefined ? given : { ...given, alertWebhook: '(hidden)' };
  throw new InputError(schemaSentence(parsed.error, where, shown, Object.keys(liveSettingsSchema.shape)));
}

const ADDRESSES = ['venueUrl', 'viewUrl', 'alertWebhook', 'redisUrl', 'fearGreed', 'bigquery'] as const;

const addressIn = (value: unknown): unknown =>
  typeof value !== 'object' || value === null
    ? value
    : 'url' in value
      ? value.url
      : 'endpoint' in value
        ? value.endpoint
        : '';

const holdsPassword = (value: unknown): boolean => /^\s*[a-z]+:[/\\]*[^/\\?#]*@/i.test(String(value));

/** The venue's keys. Only the environment has them: files are copied and committed. */
export function venueKeys(env: Environment): { keyId: string; secret: string } | null {
  const { APCA_API_KEY_ID: keyId, APCA_API_SECRET_KEY: secret } = env;
  return keyId === undefined || secret === undefined ? null : { keyId, secret };
}

/** What lets one into Redis; only the environment has it, too. */
export function redisSecrets(env: Environment): { user: string | null; password: string | null } {
  const { QUANTOS_REDIS_USER: user = null, QUANTOS_REDIS_PASSWORD: password = null } = env;
  return { user, password };
}
