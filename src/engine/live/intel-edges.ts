/**
 * Wires a live engine to what other systems tell and are told: the Intel Bus over Redis or within this process, fear and
 * greed, and cloud signals. Only paper and live engines come here; simulations and replays have no such edge.
 */
import { readFileSync } from 'node:fs';
import { CloudSignalEngine } from '../../adapters/bigquery/cloud-signals.ts';
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
  const { bus, clock, lane, redis, run, say, settings } = options;
  const { sourceSystem } = run.config.intel;
  const { bigquery } = settings;
  const { seed } = run;
  const bridge = { lane, bus, clock, sourceSystem, cloud: bigquery !== null };
  const edges: LiveEdge[] = [
    redis === null ? new ProcessBridge(bridge) : new RedisBridge({ ...bridge, address: redis, say, seed }),
  ];
  if (settings.fearGreed !== null)
    edges.push(new FearGreedSource({ ...settings.fearGreed, lane, clock, say, seed }));
  if (bigquery !== null) {
    const multiple = run.config.intel.spikeMultiplier;
    edges.push(new CloudSignalEngine({ ...bigquery, multiple, lane, clock, seed }));
  }
  return edges;
}
