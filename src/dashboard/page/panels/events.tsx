/** What was recorded, newest first: by type, by words, back to the beginning. Ticks are no events. */
import { useEffect, useState } from 'preact/hooks';
import { grouped } from '../../../../replay/format.ts';
import type { EventLine } from '../../../../replay/log-view.ts';
import type { EngineMoment } from '../../../../replay/moment.ts';
import { Empty, Panel } from '../panel.tsx';
import { server } from '../server.ts';
import { go } from '../store.ts';
import { exactMoment } from '../words.ts';
import { useDue } from './orders.tsx';

/** Kinds of things people look for, and the types that tell of them. */
const SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  everything: [],
  orders: [
    'IntentDeferred',
    'IntentDropped',
    'OrderIntended',
    'RiskApproved',
    'OrderDenied',
    'SubmitAttempted',
    'CancelAttempted',
    'WalkStepped',
    'OrderAccepted',
    'OrderFilled',
    'OrderCanceled',
    'OrderRejected',
    'OrderExpired',
    'OrderOutcomeUnknown',
    'OrderGivenUp',
    'TradeBusted',
    'TradeCorrected',
  ],
  fills: ['OrderFilled', 'TradeBusted', 'TradeCorrected', 'OptionSettled'],
  decisions: [
    'RegimeChanged',
    'ConvictionChanged',
    'SelectionMade',
    'ExitTriggered',
    'VolatilityGuardChanged',
  ],
  hedge: ['HedgeStateChanged', 'HedgeSized'],
  risk: ['TradingStateChanged', 'OrderDenied', 'OperatorCommanded', 'EngineHalted'],
  feeds: [
    'FeedOpened',
    'FeedConnected',
    'FeedLost',
    'FeedStatusChanged',
    'FeedGapDetected',
    'BackfillEnded',
    'ViewSourceChanged',
    'ViewQuoted',
    'TicksConflated',
  ],
  session: [
    'SessionStarted',
    'SessionCarried',
    'SessionResumed',
    'SessionEnded',
    'TradingResumed',
    'Reconciled',
  ],
};

const PAGE = 60;
/** What a long look back keeps at most. */
const KEPT = 600;
const AGAIN_EVERY_MS = 500;

interface EventsProps {
  readonly shown: EngineMoment;
  readonly rows: number;
}

export function EventsPanel({ shown, rows }: EventsProps) {
  const [subject, setSubject] = useState('everything');
  const [search, setSearch] = useState('');
  const { lines, older, more, trouble } = useEvents(shown, SUBJECTS[subject], search);
  return (
    <Panel
      id="events"
      title="Events"
      aside={
        <>
          <select
            aria-label="which events"
            value={subject}
            onChange={({ currentTarget }) => setSubject(currentTarget.value)}
          >
            {Object.keys(SUBJECTS).map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
          <input
            type="search"
            placeholder="words"
            aria-label="words in the event"
            value={search}
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        </>
      }
    >
      {trouble === null ? null : <p class="trouble">{trouble}</p>}
      {lines.length === 0 ? (
        <Empty>
          {search === '' && subject === 'everything'
            ? 'No event up to this moment.'
            : 'No event up to this moment has these words or is of this kind.'}
        </Empty>
      ) : (
        <ol class="tail" reversed>
          {lines.slice(0, Math.max(rows, lines.length > PAGE ? KEPT : rows)).map((line) => (
            <Line key={line.seq} line={line} />
          ))}
        </ol>
      )}
      {older === null || lines.length >= KEPT ? null : (
        <button type="button" class="more" onClick={more}>
          older
        </button>
      )}
    </Panel>
  );
}

const Line = ({ line: { seq, type, kind, time, summary } }: { readonly line: EventLine }) => (
  <li>
    <button type="button" class={`line ${kind}`} data-seq={seq} onClick={() => go({ event: seq })}>
      <span class="seq">{grouped(seq)}</span>
      <time dateTime={time}>{exactMoment(time)}</time>
      <span class="type">{type}</span>
      <span class="summary">{summary}</span>
    </button>
  </li>
);

function useEvents(shown: EngineMoment, types: readonly string[], search: string) {
  const [lines, setLines] = useState<readonly EventLine[]>([]);
  const [older, setOlder] = useState<number | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const due = useDue(shown.seq, AGAIN_EVERY_MS);
  const fail = (error: unknown) => setTrouble(error instanceof Error ? error.message : String(error));
  useEffect(() => {
    let wanted = true;
    server
      .events({ before: due + 1, types, search, limit: PAGE })
      .then((page) => {
        if (!wanted) return;
        setLines(page.events);
        setOlder(page.older);
        setTrouble(null);
      })
      .catch(fail);
    return () => {
      wanted = false;
    };
  }, [due, types, search]);
  const more = () => {
    if (older === null) return;
    server
      .events({ before: older, types, search, limit: PAGE })
      .then((page) => {
        setLines((had) => [...had, ...page.events].slice(0, KEPT));
        setOlder(page.older);
      })
      .catch(fail);
  };
  return { lines, older, more, trouble };
}
