/** Statecharts of the engine's actors, drawn from their definitions, with the live states lit and their last moves. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { EngineMoment, Transition } from '../../../../replay/moment.ts';
import type { MachineDrawing, MachineName } from '../../page-api.ts';
import { Chip, Empty, Panel, Why } from '../panel.tsx';
import { server } from '../server.ts';
import { go } from '../store.ts';
import { moment, stateWords, words } from '../words.ts';

interface LiveActor {
  readonly id: string;
  readonly value: unknown;
}

/** The actors that live by a chart at this moment, with the value of their state. */
function actorsOf(name: string, shown: EngineMoment): LiveActor[] {
  switch (name) {
    case 'market-regime':
    case 'instrument-selector': {
      const before = name === 'market-regime' ? 'regime-' : 'selector-';
      return Object.entries(shown.actors)
        .filter(([id]) => id.startsWith(before))
        .map(([id, { state }]) => ({ id, value: state }));
    }
    case 'hedging-protocol':
      return shown.hedging === null ? [] : [{ id: 'hedge', value: shown.hedging.state }];
    case 'trading-state':
      return [{ id: 'trading-state', value: shown.trading.regions }];
    case 'working-order':
      return shown.walks.map(({ symbol, state }) => ({ id: `order-worker-${symbol}`, value: state }));
    case 'order-status':
      return shown.orders.map(({ ordinal, status }) => ({ id: `order ${ordinal}`, value: status }));
    case 'feed':
      return shown.feeds.map(({ feed, state }) => ({ id: `feed-${feed}`, value: state }));
    default:
      return Object.entries(shown.actors)
        .filter(([id]) => id.startsWith(name))
        .map(([id, { state }]) => ({ id, value: state }));
  }
}

/** `{ order: 'placing' }` gives `order` and `order.placing`: outer states are live, too. */
function pathsOf(value: unknown, within = ''): string[] {
  if (typeof value === 'string') return [within + value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    within + key,
    ...pathsOf(inner, `${within + key}.`),
  ]);
}

export function MachinesView({
  shown,
  chosen,
}: {
  readonly shown: EngineMoment;
  readonly chosen: string | null;
}) {
  const [names, setNames] = useState<readonly MachineName[]>([]);
  const [trouble, setTrouble] = useState<string | null>(null);
  useEffect(() => {
    server.machines().then(setNames, (error) => setTrouble(error.message));
  }, []);
  const name = chosen ?? names[0]?.name ?? null;
  const about = names.find((each) => each.name === name)?.about ?? '';
  return (
    <div class="machines">
      <nav aria-label="Statecharts">
        {trouble === null ? null : <p class="trouble">{trouble}</p>}
        <ul>
          {names.map((each) => {
            const count = actorsOf(each.name, shown).length;
            return (
              <li key={each.name}>
                <button
                  type="button"
                  aria-current={each.name === name ? 'true' : undefined}
                  onClick={() => go({ machine: each.name })}
                >
                  {words(each.name.replaceAll('-', ' '))}{' '}
                  <small>{count === 0 ? 'none live' : `${count} live`}</small>
                </button>
              </li>
            );
          })}
        </ul>
      </nav>
      {name === null ? null : <Machine key={name} name={name} about={about} shown={shown} />}
    </div>
  );
}

interface MachineProps {
  readonly name: string;
  readonly about: string;
  readonly shown: EngineMoment;
}

function Machine({ name, about, shown }: MachineProps) {
  const [drawing, setDrawing] = useState<MachineDrawing | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  useEffect(() => {
    server.machine(name).then(setDrawing, () => setDrawing(null));
  }, [name]);
  const actors = actorsOf(name, shown);
  const actor = actors.find(({ id }) => id === chosen) ?? actors[0] ?? null;
  return (
    <Panel
      id="machine"
      title={words(name.replaceAll('-', ' '))}
      aside={
        actors.length < 2 ? (
          actor?.id
        ) : (
          <select
            aria-label="actor"
            value={actor?.id}
            onChange={({ currentTarget }) => setChosen(currentTarget.value)}
          >
            {actors.map(({ id }) => (
              <option key={id} value={id}>
                {id}
              </option>
            ))}
          </select>
        )
      }
    >
      <p class="note">{about}</p>
      {actor === null ? (
        <Empty>No actor lives by this chart at this moment.</Empty>
      ) : (
        <p role="status">
          <Chip mood="good">{actor.id}</Chip> {stateWords(actor.value)}
        </p>
      )}
      {drawing === null ? null : (
        <Drawing svg={drawing.svg} name={name} lit={actor === null ? [] : pathsOf(actor.value)} />
      )}
      {actor === null ? null : <Moves moves={shown.transitions[actor.id] ?? []} />}
    </Panel>
  );
}

interface DrawingProps {
  readonly svg: string;
  readonly name: string;
  readonly lit: readonly string[];
}

/** Our own server's drawing, read as a document of its own: its styles are ours, and nothing in it can run. */
function Drawing({ svg, name, lit }: DrawingProps) {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    const read = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
    if (read.nodeName !== 'svg') return;
    for (const each of read.querySelectorAll('script, style, foreignObject')) each.remove();
    read.setAttribute('role', 'img');
    read.setAttribute('aria-label', `statechart ${name}`);
    place.current!.replaceChildren(document.importNode(read, true));
  }, [svg, name]);
  useEffect(() => {
    const live = new Set(lit);
    for (const each of place.current!.querySelectorAll('[data-state]')) {
      each.classList.toggle('lit', live.has(each.getAttribute('data-state')!));
    }
  }, [svg, lit.join(' ')]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a chart wider than its panel scrolls by keys, too
    <section ref={place} class="drawing" tabIndex={0} aria-label="statechart, scrolls" />
  );
}

const Moves = ({ moves }: { readonly moves: readonly Transition[] }) =>
  moves.length === 0 ? (
    <Empty>It has not moved in this session.</Empty>
  ) : (
    <ol class="moves" aria-label="Its last moves">
      {moves.map(({ seq, time, from, to, reason }) => (
        <li key={`${seq}/${from}/${to}`}>
          <Why seq={seq}>{moment(time)}</Why>
          <span>
            {from} → <b>{to}</b>
          </span>
          <span class="note">{reason}</span>
        </li>
      ))}
    </ol>
  );
