/**
 * Wires a live engine to what other systems tell and are told: the Intel Bus over Redis or within this process, and fear
 * and greed. Only paper and live engines come here; simulations and replays have no such edge.
 */
import { readFileSync } from 'node:fs';
import { FearGreedSource } from '../../adapters/fear-greed/fear-greed-source.ts';
import { ProcessBridge } from '../../adapters/redis/process-bridge.ts';
import { type RedisAddress, redisAddress } from '../../adapters/redis/redis-address.ts';
import { RedisBridge } from '../../adapters/redis/redis-bridge.ts';
import type { HostClock, InputLane, IntelMirror, LiveEdge } from '../../bus/ports.ts';
import type { RunSpec } from '../../domain/config.ts';
import { type LiveSettings, redisSecrets } from './live-settings.ts';

export interface IntelEdgesOptions {
  readonly lane: InputLane;
  readonly clock: HostClock;
  readonly bus: IntelMirror;
  readonly settings: LiveSettings;
  /** Null: no Redis is configured. */
  readonly redis: RedisAddress | null;
  readonly run: Pick<RunSpec, 'config' | 'seed'>;
  /** Whether the cloud is asked for volume spikes. */
  readonly cloud: boolean;
  /** A line for whoever runs the process; an edge says one a minute at most. */
  readonly say: (sentence: string) => void;
}

/** Throws where its certificate's file cannot be read. */
export function redisOf(
  { redisUrl, redisCaFile }: LiveSettings,
  env: Parameters<typeof redisSecrets>[0],
): RedisAddress | null {
  if (redisUrl === null) return null;
  const ca = redisCaFile === null ? null : readFileSync(redisCaFile, 'utf8');
  return redisAddress(redisUrl, { ...redisSecrets(env), ca });
}

export function intelEdges(options: IntelEdgesOptions): LiveEdge[] {
  const { bus, clock, cloud, lane, redis, run, say, settings } = options;
  const { sourceSystem } = run.config.intel;
  const { seed } = run;
  const bridge = { lane, bus, clock, sourceSystem, cloud };
  const edges: LiveEdge[] = [
    redis === null ? new ProcessBridge(bridge) : new RedisBridge({ ...bridge, address: redis, say, seed }),
  ];
  if (settings.fearGreed !== null)
    edges.push(new FearGreedSource({ ...settings.fearGreed, lane, clock, say, seed }));
  return edges;
}
