/** The Intel Bus: what other systems told, what we tell them, how sure they are, and how long it still counts. */
import { amount, percent } from '../../../../replay/format.ts';
import type { EngineMoment } from '../../../../replay/moment.ts';
import { Chip, Empty, Meter, Panel } from '../panel.tsx';
import { span } from '../words.ts';

type IntelEntry = EngineMoment['intel'][number];

/** A value lives so long. */
const LIFE_MS = 300_000;

export function IntelPanel({ shown }: { readonly shown: EngineMoment }) {
  const entries = shown.intel;
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
      <Meter label={`time to live of ${key}`} share={ttlMs / LIFE_MS} text={span(ttlMs)} />
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
