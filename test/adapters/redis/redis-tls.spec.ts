/** The whole way in: TLS with an authority of one's own, a user with a password, and a database that is not the first. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisIntelPublisher, RedisIntelReader } from '../../../src/adapters/redis/redis-intel.ts';
import { freePort, RedisServer, withoutRedis } from './redis-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'quantos-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Debian's Redis needs it, so it is there wherever that is. */
const withoutOpenSsl = spawnSync('openssl', ['version'], { stdio: 'ignore' }).status !== 0;
const password = 'canary-redis-4b7e';

describe.skipIf(withoutRedis || withoutOpenSsl)('a Redis behind TLS and a password', () => {
  let port: number;
  let ca: string;
  beforeAll(async () => {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const made = [
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      certificate,
    ];
    execFileSync('openssl', ['req', ...made, ...names], { stdio: 'ignore' });
    ca = readFileSync(certificate, 'utf8');
    port = await freePort();
    const tls = ['--tls-port', `${port}`, '--tls-cert-file', certificate, '--tls-key-file', key];
    const open = ['--tls-ca-cert-file', certificate, '--tls-auth-clients', 'no', '--requirepass', password];
    await RedisServer.open(...tls, ...open);
  });
  const url = (database = 3) => `rediss://127.0.0.1:${port}/${database}`;

  test('takes a value and gives it back, in the database that was named and in no other', async () => {
    const publisher = new RedisIntelPublisher({ url: url(), password, ca });
    const reader = new RedisIntelReader({ url: url(), password, ca });
    const elsewhere = new RedisIntelReader({ url: url(0), password, ca });
    expect(await publisher.publishAsync('intel:fed_bias', 'dovish', { sourceSystem: 'test' })).toBe(true);
    expect(await reader.readAsync('intel:fed_bias')).toMatchObject({
      value: 'dovish',
      source_system: 'test',
    });
    expect(await elsewhere.readAsync('intel:fed_bias')).toBeNull();
    for (const each of [publisher, reader, elsewhere]) each.close();
  });

  test.each([
    ['an authority that nobody knows', { password }],
    ['a wrong password', { password: 'wrong', ca: 'own' }],
    ['no password', { ca: 'own' }],
  ])('is quietly not there with %s', async (_, secrets) => {
    const publisher = new RedisIntelPublisher({
      url: url(),
      ...secrets,
      ...('ca' in secrets ? { ca } : {}),
    });
    expect(await publisher.publishAsync('intel:fed_bias', 'dovish', { sourceSystem: 'test' })).toBe(false);
    publisher.close();
  });
});
