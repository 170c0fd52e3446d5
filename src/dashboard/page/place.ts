/** Where on the page a person is: kept in the address, so that a reload, a bookmark and the back button find it again. */

export const views = ['desk', 'events', 'machines', 'what-if'] as const;
export type View = (typeof views)[number];

export interface Place {
  readonly view: View;
  /** The moment that is shown; null: now. */
  readonly seq: number | null;
  /** Whose chart is open; null: the first. */
  readonly symbol: string | null;
  /** The event whose causes are open; null: none. */
  readonly event: number | null;
  /** The statechart that is open; null: the first. */
  readonly machine: string | null;
}

const TOKEN = 'token';

const whole = (text: string | null): number | null =>
  text !== null && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : null;

export function placeOf(hash: string): Place {
  const said = new URLSearchParams(hash.replace(/^#/, ''));
  const view = said.get('view');
  return {
    view: views.find((each) => each === view) ?? 'desk',
    seq: whole(said.get('seq')),
    symbol: said.get('symbol'),
    event: whole(said.get('event')),
    machine: said.get('machine'),
  };
}

export function hashOf({ view, seq, symbol, event, machine }: Place): string {
  const said = new URLSearchParams();
  if (view !== 'desk') said.set('view', view);
  if (seq !== null) said.set('seq', String(seq));
  if (symbol !== null) said.set('symbol', symbol);
  if (event !== null) said.set('event', String(event));
  if (machine !== null) said.set('machine', machine);
  const text = said.toString();
  return text === '' ? '' : `#${text}`;
}

/**
 * The token stands in the fragment of the address that the engine prints: it is taken out at once, so that no screenshot and
 * no bookmark holds it, and kept for this tab alone.
 */
export function takeToken(): string | null {
  const said = new URLSearchParams(location.hash.replace(/^#/, ''));
  const given = said.get(TOKEN);
  if (given === null) return sessionStorage.getItem(TOKEN);
  said.delete(TOKEN);
  const rest = said.toString();
  history.replaceState(null, '', rest === '' ? location.pathname : `#${rest}`);
  sessionStorage.setItem(TOKEN, given);
  return given;
}
