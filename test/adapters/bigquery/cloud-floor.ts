/** A cloud signal engine on a clock that the test moves, with the real client package against a local server. */
import { vi } from 'vitest';
import { CloudSignalEngine, type CloudSignalOptions } from '../../../src/adapters/bigquery/cloud-signals.ts';
import type { InputLane } from '../../../src/bus/ports.ts';
import type { NewInput } from '../../../src/events/define-event.ts';
import type { CloudSignalsReported } from '../../../src/events/intel.events.ts';
import { SteppedClock } from '../../live/stepped-clock.ts';
import type { BigQueryServer, Result } from './bigquery-server.ts';

export const NOW = Date.parse('2026-11-20T18:00:00Z') * 1_000;
export const TABLE = 'some-project.market.bars';

interface Status {
  readonly status: string;
  readonly code: string;
  readonly detail: string;
}

export const FIELDS = [
  { name: 'kind', type: 'STRING' },
  { name: 'symbol', type: 'STRING' },
  { name: 'volume', type: 'FLOAT' },
  { name: 'average_volume', type: 'FLOAT' },
  { name: 'price_change', type: 'FLOAT' },
  { name: 'newest', type: 'INTEGER' },
  { name: 'recent_rows', type: 'INTEGER' },
  { name: 'unusable_rows', type: 'INTEGER' },
  { name: 'has_btc', type: 'BOOLEAN' },
];
type Row = Result['rows'][number];
export const tableRow = (newest: number | null = NOW - 1e6, rows = 100, unusable = 0, hasBtc = true): Row => [
  'table',
  null,
  null,
  null,
  null,
  newest === null ? null : `${newest}`,
  `${rows}`,
  `${unusable}`,
  `${hasBtc}`,
];
export const spikeRow = (
  symbol: string | null,
  volume: string | null,
  average: string | null,
  change: string | null,
): Row => ['spike', symbol, volume, average, change, null, null, null, null];
export const result = (...rows: Row[]): Result => ({ fields: FIELDS, rows });

/** For each question the edge asks for two timers: its end, and after it the next question. */
class ListedClock extends SteppedClock {
  readonly delays: number[] = [];

  override after(delayMs: number, run: () => void): () => void {
    this.delays.push(delayMs);
    return super.after(delayMs, run);
  }
}

export function cloudFloor(server: BigQueryServer, more: Partial<CloudSignalOptions> = {}) {
  const clock = new ListedClock(NOW);
  const heard: { type: string; payload: unknown; from: { source: string; time?: number } }[] = [];
  const lane = {
    input: (event: NewInput, from: { source: string }) =>
      heard.push({ type: event.type, payload: event.payload, from }),
  } as unknown as InputLane;
  const edge = new CloudSignalEngine({
    lane,
    clock,
    table: TABLE,
    project: null,
    location: null,
    endpoint: server.url,
    everyS: 60,
    timeoutS: 30,
    staleAfterS: 900,
    multiple: 3,
    moversMax: 10,
    bitcoin: ['BTC', 'BTC/USD'],
    columns: { symbol: 'symbol', ts: 'ts', price: 'close', open: 'open', volume: 'volume' },
    maximumBytesBilled: 123_456_789,
    ...more,
  });
  const reports = () =>
    heard
      .filter(({ type }) => type === 'CloudSignalsReported')
      .map(({ payload }) => payload as CloudSignalsReported);
  const statuses = () =>
    heard.filter(({ type }) => type === 'CloudStatusChanged').map(({ payload }) => payload as Status);
  return {
    clock,
    edge,
    heard,
    reports,
    statuses,
    /** Lets the time come at which it asks, and waits until it waits for the next one. */
    async ask() {
      const before = clock.delays.length;
      clock.advance(clock.delays.at(-1)!);
      await vi.waitFor(() => {
        if (clock.delays.length < before + 2) throw new Error('it has not come to an end');
      }, 20_000);
    },
  };
}
