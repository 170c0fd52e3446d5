/** Which Redis a command means: its own `--redis`, else what the environment says, else one on this computer. */
import { readFileSync } from 'node:fs';
import { type RedisAddress, redisAddress } from '../adapters/redis/redis-address.ts';
import { redisSecrets } from '../engine/live/live-settings.ts';

const HERE = 'redis://127.0.0.1:6379';

/** Throws InputError where it is no address. */
export function redisMeant(flag: string | undefined): RedisAddress {
  const { QUANTOS_REDIS_URL: variable, QUANTOS_REDIS_CA_FILE: caFile } = process.env;
  const where = flag !== undefined ? '--redis' : 'QUANTOS_REDIS_URL';
  const ca = caFile === undefined ? null : readFileSync(caFile, 'utf8');
  return redisAddress(flag ?? variable ?? HERE, { ...redisSecrets(process.env), ca }, where);
}
