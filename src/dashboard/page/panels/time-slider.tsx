/** The session from its first record to its last: the page shows the moment it stands at. */
import { useEffect, useState } from 'preact/hooks';
import { grouped } from '../../../../replay/format.ts';
import type { PageState } from '../store.ts';
import { go, goToTime, step } from '../store.ts';
import { moment } from '../words.ts';

const SHARE_OF_A_LEAP = 0.01;

export function TimeSlider({ page }: { readonly page: PageState }) {
  const { newest, shown, place, jumpMs } = page;
  useKeys(page);
  if (newest === null || shown === null) return null;
  const { head } = newest;
  const at = place.seq ?? head.seq;
  const isPast = place.seq !== null;
  return (
    <section class={`time ${isPast ? 'past' : ''}`} aria-label="Time">
      <button type="button" aria-label="one event back" title="one event back (←)" onClick={() => step(-1)}>
        ‹
      </button>
      <button
        type="button"
        aria-label="one event on"
        title="one event on (→)"
        disabled={!isPast}
        onClick={() => step(1)}
      >
        ›
      </button>
      <input
        type="range"
        aria-label="moment of the session"
        aria-valuetext={`${moment(shown.time)}, event ${shown.seq} of ${head.seq}`}
        min={1}
        max={head.seq}
        step={1}
        value={at}
        onInput={({ currentTarget }) => {
          const seq = Number(currentTarget.value);
          go({ seq: seq >= head.seq ? null : seq });
        }}
      />
      <output class="at" title={jumpMs === null ? undefined : `read in ${Math.round(jumpMs)} ms`}>
        <time dateTime={shown.time}>{moment(shown.time)}</time>{' '}
        <small>
          {grouped(shown.seq)} / {grouped(head.seq)}
        </small>
      </output>
      <GoTo iso={shown.time} />
      <button type="button" class="now" disabled={!isPast} onClick={() => go({ seq: null })}>
        {page.session?.live && !head.ended ? 'back to live' : 'to the end'}
      </button>
    </section>
  );
}

/** A moment typed or picked, UTC. */
function GoTo({ iso }: { readonly iso: string }) {
  const [text, setText] = useState<string | null>(null);
  return (
    <form
      class="go-to"
      onSubmit={(event) => {
        event.preventDefault();
        const ms = Date.parse(`${text}Z`);
        if (!Number.isNaN(ms)) void goToTime(ms * 1_000);
        setText(null);
      }}
    >
      <input
        type="datetime-local"
        aria-label="go to a time, UTC"
        step={1}
        value={text ?? iso.slice(0, 19)}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <button type="submit" disabled={text === null}>
        go
      </button>
    </form>
  );
}

/** Arrow keys step by event, with Shift by a hundredth of the session; Home and End are its ends. Not while somebody types. */
function useKeys({ newest, place }: PageState): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const isSlider = target.matches?.('input[type=range]');
      if (event.ctrlKey || event.metaKey || event.altKey || newest === null) return;
      if (!isSlider && target.closest?.('input, select, textarea, dialog, .drawing')) return;
      const last = newest.head.seq;
      const at = place.seq ?? last;
      const leap = Math.max(1, Math.round(last * SHARE_OF_A_LEAP));
      const to = (seq: number) => go({ seq: seq >= last ? null : Math.max(1, seq) });
      if (event.key === 'ArrowLeft') event.shiftKey ? to(at - leap) : void step(-1);
      else if (event.key === 'ArrowRight') event.shiftKey ? to(at + leap) : void step(1);
      else if (event.key === 'Home' && isSlider) to(1);
      else if (event.key === 'End') to(last);
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [newest, place.seq]);
}
