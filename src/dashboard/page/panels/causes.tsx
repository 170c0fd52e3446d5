/**
 * Why an event came about, as a graph: from the input at the top down to it, the standing decisions that were read beside
 * the step that read them, and what it led to below.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { grouped } from '../../../../replay/format.ts';
import type { EventDetail } from '../../../../replay/log-view.ts';
import type { CausalLink, Link } from '../../../../replay/why.ts';
import { Empty } from '../panel.tsx';
import { server } from '../server.ts';
import { go } from '../store.ts';
import { exactMoment } from '../words.ts';

/** Effects drawn; the others are counted. */
const EFFECTS_DRAWN = 24;

export function Causes({ seq }: { readonly seq: number }) {
  const [detail, setDetail] = useState<EventDetail | null>(null);
  const [opened, setOpened] = useState<number>(seq);
  const [trouble, setTrouble] = useState<string | null>(null);
  const drawer = useRef<HTMLElement>(null);
  useEffect(() => {
    setOpened(seq);
    setTrouble(null);
    server.event(seq).then(setDetail, (error) => setTrouble(error.message));
  }, [seq]);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    drawer.current?.focus();
    return () => before?.focus?.();
  }, []);
  const shown = detail?.seq === seq ? detail : null;
  return (
    <aside
      ref={drawer}
      class="causes"
      id="causes"
      aria-label={`Causes of event ${seq}`}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key === 'Escape') go({ event: null });
      }}
    >
      <header>
        <h2>
          {shown?.type ?? 'Event'} <small>{grouped(seq)}</small>
        </h2>
        <button type="button" class="icon" aria-label="close" onClick={() => go({ event: null })}>
          <span aria-hidden="true">✕</span>
        </button>
      </header>
      {trouble === null ? null : <p class="trouble">{trouble}</p>}
      {shown === null ? null : (
        <div class="causes-body">
          <Graph detail={shown} opened={opened} onOpen={setOpened} />
          <Payload seq={opened} of={shown} />
        </div>
      )}
    </aside>
  );
}

interface GraphProps {
  readonly detail: EventDetail;
  readonly opened: number;
  readonly onOpen: (seq: number) => void;
}

function Graph({ detail, opened, onOpen }: GraphProps) {
  const { chain, effects, effectCount } = detail;
  const node = (link: Link, kind: string) => (
    <button
      type="button"
      class={`node ${kind} ${link.seq === opened ? 'opened' : ''}`}
      aria-pressed={link.seq === opened}
      data-seq={link.seq}
      onClick={() => onOpen(link.seq)}
      onDblClick={() => go({ event: link.seq })}
    >
      <b>
        {link.type} <small>{grouped(link.seq)}</small>
      </b>
      <span>{link.summary}</span>
    </button>
  );
  return (
    <div class="graph">
      <ol class="chain" aria-label="From its first cause to the event">
        {chain.map((link, at) => (
          <Step
            key={link.seq}
            link={link}
            node={node}
            kind={at === chain.length - 1 ? 'focus' : at === 0 ? 'root' : ''}
          />
        ))}
      </ol>
      <h3>
        {effectCount === 0
          ? 'It led to nothing else'
          : `It led to ${grouped(effectCount)} ${effectCount === 1 ? 'event' : 'events'}`}
      </h3>
      {effects.length === 0 ? null : (
        <ol class="effects">
          {effects.slice(0, EFFECTS_DRAWN).map((link) => (
            <li key={link.seq}>{node(link, 'effect')}</li>
          ))}
        </ol>
      )}
      {effectCount > EFFECTS_DRAWN ? (
        <p class="note">and {grouped(effectCount - EFFECTS_DRAWN)} more</p>
      ) : null}
    </div>
  );
}

interface StepProps {
  readonly link: CausalLink;
  readonly kind: string;
  readonly node: (link: Link, kind: string) => preact.JSX.Element;
}

const Step = ({ link, kind, node }: StepProps) => (
  <li class="step">
    {node(link, kind)}
    {link.basis.length === 0 ? null : (
      <ul class="basis" aria-label={`Standing decisions that event ${link.seq} read`}>
        {link.basis.map((each) => (
          <li key={each.seq}>{node(each, 'standing')}</li>
        ))}
      </ul>
    )}
  </li>
);

/** What an event says, as recorded. */
function Payload({ seq, of }: { readonly seq: number; readonly of: EventDetail }) {
  const [asked, setAsked] = useState<EventDetail | null>(null);
  useEffect(() => {
    if (seq !== of.seq) server.event(seq).then(setAsked, () => setAsked(null));
  }, [seq, of]);
  const detail = seq === of.seq ? of : asked?.seq === seq ? asked : null;
  if (detail === null) return <section class="payload" aria-busy="true" />;
  return (
    <section class="payload" aria-label={`What event ${seq} says`}>
      <h3>
        {detail.type} <small>{grouped(seq)}</small>
      </h3>
      <p class="note">
        {exactMoment(detail.recordedAt)} UTC, {detail.kind ?? 'tick'} from {detail.source}
        {detail.correlation === null ? '' : `, ${detail.correlation}`}
      </p>
      <p>{detail.summary}</p>
      <p class="choices">
        <button type="button" onClick={() => go({ seq, event: of.seq })}>
          show the page at this moment
        </button>
        {seq === of.seq ? null : (
          <button type="button" onClick={() => go({ event: seq })}>
            its own causes
          </button>
        )}
      </p>
      <Value value={detail.payload} />
    </section>
  );
}

/** JSON as nested lists: text, never markup. */
function Value({ value }: { readonly value: unknown }) {
  if (typeof value !== 'object' || value === null) return <code>{JSON.stringify(value) ?? '–'}</code>;
  const entries = Object.entries(value);
  if (entries.length === 0) return <Empty>{Array.isArray(value) ? 'an empty list' : 'nothing'}</Empty>;
  return (
    <dl class="value">
      {entries.map(([name, each]) => (
        <div key={name} class={typeof each === 'object' && each !== null ? 'nested' : ''}>
          <dt>{name}</dt>
          <dd>
            <Value value={each} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
