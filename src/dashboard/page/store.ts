/**
 * All the page knows. Whoever changes it says what is other; the page is drawn once a frame at most, however often that is.
 * Only the newest moment and the one that is shown are kept.
 */
import { useEffect, useState } from 'preact/hooks';
import type { EngineMoment } from '../../../replay/moment.ts';
import type { PageHealth, PageNews, PageSession } from '../page-api.ts';
import { hashOf, type Place, placeOf, takeToken } from './place.ts';
import { follow, Refused, server } from './server.ts';

export interface PageState {
  readonly link: 'connecting' | 'open' | 'lost';
  readonly session: PageSession | null;
  readonly token: string | null;
  readonly health: PageHealth | null;
  /** Where the log ends. */
  readonly newest: EngineMoment | null;
  /** What is shown: the newest, or the one the slider stands at. */
  readonly shown: EngineMoment | null;
  readonly place: Place;
  /** A sentence for people; null while all is well. */
  readonly trouble: string | null;
  /** Milliseconds the last jump took, from the wish to the answer. */
  readonly jumpMs: number | null;
}

let state: PageState = {
  link: 'connecting',
  session: null,
  token: takeToken(),
  health: null,
  newest: null,
  shown: null,
  place: placeOf(location.hash),
  trouble: null,
  jumpMs: null,
};

const listeners = new Set<() => void>();
let frame = 0;

function change(part: Partial<PageState>): void {
  state = { ...state, ...part };
  // A page nobody sees has no frames, and does not need any.
  if (frame !== 0) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    for (const listener of listeners) listener();
  });
}

export const current = (): PageState => state;

export function usePage(): PageState {
  const [seen, see] = useState(state);
  useEffect(() => {
    const look = () => see(state);
    listeners.add(look);
    look();
    return () => void listeners.delete(look);
  }, []);
  return seen;
}

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

// --- where we are ----------------------------------------------------------------------------------------------------

/** Goes somewhere on the page; the address says it, too. */
export function go(to: Partial<Place>): void {
  const place = { ...state.place, ...to };
  const hash = hashOf(place);
  if (hash !== location.hash) {
    const url = hash === '' ? location.pathname : hash;
    // Opening something is a step that the back button takes back; moving in time is not.
    const isStep = place.view !== state.place.view || place.event !== state.place.event;
    history[isStep ? 'pushState' : 'replaceState'](null, '', url);
  }
  arrive(place);
}

function arrive(place: Place): void {
  const moved = place.seq !== state.place.seq;
  change({ place, ...(place.seq === null ? { shown: state.newest } : {}) });
  if (moved) void showPast();
}

let isAsking = false;

/** One question at a time, and then the newest wish: a hand on the slider is quicker than any server. */
async function showPast(): Promise<void> {
  if (isAsking) return;
  isAsking = true;
  for (let { seq } = state.place; seq !== null && seq !== state.shown?.seq; ) {
    const wished = performance.now();
    try {
      const shown = await server.moment(seq);
      if (state.place.seq !== null) change({ shown, jumpMs: performance.now() - wished, trouble: null });
    } catch (error) {
      change({ trouble: sentence(error) });
      if (error instanceof Refused && error.status === 400) {
        isAsking = false;
        go({ seq: null });
        return;
      }
    }
    if (state.place.seq === seq) break;
    ({ seq } = state.place);
  }
  isAsking = false;
}

/** Records of a cascade that are looked through for its beginning. */
const CASCADE_MAX = 200;

/** To the moment after the next record, or before this one's cascade. */
export async function step(by: 1 | -1): Promise<void> {
  const at = state.shown;
  if (at === null) return;
  if (by === 1) {
    const next = at.seq + 1;
    go({ seq: next > (state.newest?.head.seq ?? next) ? null : next });
    return;
  }
  // What the last record of a cascade goes back to may lie days before: the cascade's own beginning is where moments change.
  for (let seq = at.seq - 1; seq >= Math.max(1, at.seq - CASCADE_MAX); seq--) {
    const before = await server.moment(seq);
    if (before.seq < at.seq) return go({ seq: before.seq });
  }
}

export async function goToTime(timeUs: number): Promise<void> {
  try {
    const { seq } = await server.momentAt(timeUs);
    go({ seq });
  } catch (error) {
    change({ trouble: sentence(error) });
  }
}

// --- what the server says ----------------------------------------------------------------------------------------------

async function askSession(): Promise<void> {
  try {
    change({ session: await server.session(state.token) });
  } catch (error) {
    change({ trouble: sentence(error) });
  }
}

function onNews({ boot, log, health, moment, trouble }: PageNews): void {
  const { session, place } = state;
  const isOther = session !== null && (session.boot !== boot || session.log !== log);
  if (session === null || isOther) void askSession();
  change({
    link: 'open',
    health,
    trouble,
    newest: moment,
    ...(place.seq === null ? { shown: moment } : {}),
  });
  // Another log has other moments: the place in the old one means nothing in it.
  if (isOther && session.log !== log && place.seq !== null) go({ seq: null });
}

export function start(): void {
  void askSession();
  follow({
    open: () => change({ link: 'open' }),
    lost: () => change({ link: 'lost' }),
    news: onNews,
  });
  if (state.place.seq !== null) void showPast();
  const look = () => {
    const token = takeToken();
    if (token !== state.token) {
      change({ token });
      void askSession();
    }
    arrive(placeOf(location.hash));
  };
  addEventListener('hashchange', look);
  addEventListener('popstate', look);
}
