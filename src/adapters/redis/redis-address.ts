/** Where a Redis is and how one gets in. Its password comes from the environment: an address with one would be shown in lists of processes. */
import { InputError } from '../../domain/input-error.ts';

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly tls: boolean;
  /** Null: the default user. */
  readonly user: string | null;
  readonly password: string | null;
  /** PEM of the authority that signed its certificate; null: those this computer trusts. */
  readonly ca: string | null;
}

export interface RedisSecrets {
  readonly user?: string | null;
  readonly password?: string | null;
  readonly ca?: string | null;
}

/** Throws InputError; `where` begins its sentence. */
export function redisAddress(
  url: string,
  secrets: RedisSecrets = {},
  where = 'the address of Redis',
): RedisAddress {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const isRedis =
    parsed !== null && ['redis:', 'rediss:'].includes(parsed.protocol) && parsed.hostname !== '';
  if (parsed !== null && (parsed.username !== '' || parsed.password !== ''))
    throw new InputError(
      `${where} holds a user name or a password; set QUANTOS_REDIS_USER and QUANTOS_REDIS_PASSWORD instead`,
    );
  // What is no address may hold a password all the same.
  const shown = /@/.test(url) ? 'not one' : JSON.stringify(url);
  if (!isRedis)
    throw new InputError(`${where} is ${shown}; write redis://127.0.0.1:6379, or rediss:// for TLS`);
  const path = parsed.pathname.replace(/^[/]/, '');
  if (!/^\d{0,5}$/.test(path) || parsed.search !== '' || parsed.hash !== '')
    throw new InputError(
      `${where} is ${shown}; after the port comes at most the number of a database, as in redis://127.0.0.1:6379/2`,
    );
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? 6379 : Number(parsed.port),
    database: path === '' ? 0 : Number(path),
    tls: parsed.protocol === 'rediss:',
    user: secrets.user ?? null,
    password: secrets.password ?? null,
    ca: secrets.ca ?? null,
  };
}

/** Without what lets one in. */
export const addressText = ({ host, port, database, tls }: RedisAddress): string =>
  `${tls ? 'rediss' : 'redis'}://${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
