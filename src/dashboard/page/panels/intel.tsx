/** The Intel Bus: what other systems told, what we tell them, how sure they are, and how long it still counts. */
import { amount, percent } from '../../../../replay/format.ts';
import type { EngineMoment } from '../../../../replay/moment.ts';
import { Chip, Empty, Panel } from '../panel.tsx';
import { span } from '../words.ts';

/** As the engine's state tells it, where there is a bus. */
export interface IntelEntry {
  readonly key: string;
  readonly value: unknown;
  readonly sourceSystem: string;
  readonly confidence: number;
  readonly ageMs: number;
  readonly ttlMs: number;
  readonly direction: 'received' | 'published';
}

/** A value lives so long. */
const LIFE_MS = 300_000;

export const intelOf = (shown: EngineMoment): readonly IntelEntry[] => {
  const { intel } = shown as { readonly intel?: unknown };
  return Array.isArray(intel) ? (intel as readonly IntelEntry[]) : [];
};

export function IntelPanel({ shown }: { readonly shown: EngineMoment }) {
  const entries = intelOf(shown);
  return (
    <Panel id="intel" title="Intel Bus" aside={entries.length === 0 ? undefined : `${entries.length} values`}>
      {entries.length === 0 ? (
        <Empty>
          {shown.session.mode === 'sim'
            ? 'No signal was recorded: simulations neither hear the bus nor speak on it.'
            : 'Nothing valid was heard or published in the last five minutes.'}
        </Empty>
      ) : (
        <ul class="intel">
          {entries.map((entry) => (
            <Entry key={`${entry.direction}/${entry.key}`} entry={entry} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Entry({ entry }: { readonly entry: IntelEntry }) {
  const { key, value, sourceSystem, confidence, ageMs, ttlMs, direction } = entry;
  return (
    <li>
      <Chip mood={direction === 'received' ? 'good' : 'calm'}>{direction}</Chip>
      <span class="name">{key}</span>
      <span class="value">{valueWords(value)}</span>
      <span class="note">
        {sourceSystem}, {percent(confidence, 0)} sure, {span(ageMs)} old
      </span>
      <span
        class="meter"
        role="meter"
        aria-label={`time to live of ${key}`}
        aria-valuemin={0}
        aria-valuemax={LIFE_MS / 1_000}
        aria-valuenow={Math.round(ttlMs / 1_000)}
      >
        <i style={{ width: `${Math.min(100, Math.max(0, ttlMs / LIFE_MS) * 100)}%` }} />
      </span>
      <span class="ttl">{span(ttlMs)} left</span>
    </li>
  );
}

function valueWords(value: unknown): string {
  if (typeof value === 'number') return amount(value);
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${name} ${typeof each === 'object' ? JSON.stringify(each) : String(each)}`)
    .join(', ');
}
