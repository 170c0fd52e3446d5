/** What `doctor` finds of the Redis that carries the Intel Bus: there, open to us, telling of changes, and with room. */
import { addressText, type RedisAddress } from '../adapters/redis/redis-address.ts';
import { RedisConnection, type Reply } from '../adapters/redis/redis-connection.ts';
import { type Finding, fine } from './finding.ts';

const name = 'intel';

/** `isNeeded`: an address was configured, so that its failure is one. Never rejects. */
export async function redisFinding(address: RedisAddress, isNeeded: boolean): Promise<Finding> {
  const where = addressText(address);
  try {
    const connection = await RedisConnection.open(address, { onEnd: () => {} });
    try {
      const replies = await connection.ask((commands) =>
        commands
          .config('GET', 'notify-keyspace-events')
          .config('GET', 'maxmemory')
          .config('GET', 'maxmemory-policy'),
      );
      return judged(where, replies);
    } finally {
      connection.close();
    }
  } catch (error) {
    const found = `Redis at ${where}: ${(error as Error).message}`;
    const advice = isNeeded
      ? 'trading goes on without it, and the Intel Bus stays in the process: start it, or mend QUANTOS_REDIS_URL, QUANTOS_REDIS_USER, QUANTOS_REDIS_PASSWORD'
      : 'simulations never need it; without it the Intel Bus works inside the process';
    return { name, status: 'missing', found, advice };
  }
}

function judged(where: string, [notified, maxmemory, policy]: readonly Reply[]): Finding {
  const flags = settingOf(notified);
  if (flags === null)
    return fine(
      name,
      `Redis at ${where} answers; it does not say how it is set up, and is asked every second`,
    );
  const tells = flags.includes('K') && /[A$]/.test(flags);
  const how = tells ? 'it tells of changes' : 'it is asked every second';
  const found = `Redis at ${where} answers; ${how}`;
  const isBounded = !['0', '', null].includes(settingOf(maxmemory));
  const isFullOneDay = isBounded && settingOf(policy) === 'noeviction';
  if (isFullOneDay) {
    const advice =
      'when it is full it takes no value of ours: give it a maxmemory-policy such as volatile-ttl, or more memory';
    return {
      name,
      status: 'missing',
      found: `${found}; maxmemory is bounded with policy noeviction`,
      advice,
    };
  }
  if (tells) return fine(name, found);
  return fine(
    name,
    `${found} (redis-cli CONFIG SET notify-keyspace-events KEA would let it tell of changes)`,
  );
}

/** Null where our user may not ask. */
const settingOf = (reply: Reply): string | null =>
  'value' in reply && Array.isArray(reply.value) ? String(reply.value[1] ?? '') : null;
