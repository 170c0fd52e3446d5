/** Orders at work: each on a scale from bid to ask, where it stands, how far it goes, and the last few that ended. */
import { useEffect, useState } from 'preact/hooks';
import { amount } from '../../../../replay/format.ts';
import type { EventLine } from '../../../../replay/log-view.ts';
import type { EngineMoment, WaitingMoment, WalkMoment } from '../../../../replay/moment.ts';
import { Chip, Empty, Panel, Table, Why } from '../panel.tsx';
import { server } from '../server.ts';
import { moment, nothing, price } from '../words.ts';

type Working = EngineMoment['orders'][number];

export function OrdersPanel({ shown }: { readonly shown: EngineMoment }) {
  const { orders, walks, waiting } = shown;
  const walking = new Set(walks.map(({ ordinal }) => ordinal));
  const resting = orders.filter(({ ordinal }) => !walking.has(ordinal));
  const none = orders.length === 0 && walks.length === 0 && waiting.length === 0;
  return (
    <Panel id="orders" title="Orders" aside={`${orders.length} working`}>
      {none ? (
        <Empty>
          No order works at this moment
          {shown.trading.state === 'trading' ? '' : `: the engine is ${shown.trading.state}`}.
        </Empty>
      ) : null}
      {walks.map((walk) => (
        <Walk key={`${walk.symbol}/${walk.intent}`} walk={walk} />
      ))}
      {resting.length === 0 ? null : <Resting orders={resting} />}
      {waiting.length === 0 ? null : <Waiting waiting={waiting} />}
      <Done seq={shown.seq} />
    </Panel>
  );
}

/** Per cent of the way from bid to ask; what lies beyond stays at the rim. */
const placeOn = (bid: number, ask: number, px: number): number =>
  ask === bid ? 50 : Math.min(100, Math.max(0, ((px - bid) / (ask - bid)) * 100));

function Walk({ walk }: { readonly walk: WalkMoment }) {
  const {
    symbol,
    side,
    action,
    quantity,
    filled,
    limitPx,
    bidPx,
    midPx,
    askPx,
    capPx,
    step,
    givenUp,
    state,
  } = walk;
  const has = bidPx !== null && askPx !== null;
  return (
    <article class={`walk ${side}`} data-symbol={symbol}>
      <p>
        <b>
          {side} {amount(quantity)} {symbol}
        </b>
        <Chip>{action}</Chip>
        <span class="grow" />
        <span>
          {amount(filled)} of {amount(quantity)} filled, step {step}
          {givenUp === null ? '' : `, given up: ${givenUp}`}
        </span>
      </p>
      {has ? (
        <div
          class="scale"
          role="img"
          aria-label={`limit ${price(limitPx)} between bid ${price(bidPx)} and ask ${price(askPx)}, midpoint ${price(midPx)}, goes to ${price(capPx)}`}
        >
          <i class="rail" />
          <i class="mid" style={{ left: '50%' }} />
          {capPx === null ? null : <i class="cap" style={{ left: `${placeOn(bidPx, askPx, capPx)}%` }} />}
          {limitPx === null ? null : (
            <i class="limit" style={{ left: `${placeOn(bidPx, askPx, limitPx)}%` }} />
          )}
          <span class="bid">bid {price(bidPx)}</span>
          <span class="at">
            {limitPx === null ? state.order : `limit ${price(limitPx)}`}
            {capPx === null ? '' : ` · cap ${price(capPx)}`}
          </span>
          <span class="ask">ask {price(askPx)}</span>
        </div>
      ) : (
        <Empty>It waits for a fresh quote: market {state.market}.</Empty>
      )}
      <p class="note">{walk.reason}</p>
    </article>
  );
}

const Resting = ({ orders }: { readonly orders: readonly Working[] }) => (
  <Table
    caption="Orders that rest at the venue"
    rows={orders}
    keyOf={({ ordinal }) => ordinal}
    columns={[
      { head: 'order', text: true, cell: ({ ordinal, side, symbol }) => `${ordinal} ${side} ${symbol}` },
      {
        head: 'filled',
        cell: ({ filled, quantity }) =>
          `${amount(filled)} / ${quantity === null ? nothing : amount(quantity)}`,
      },
      { head: 'limit', cell: ({ limitPx }) => price(limitPx) },
      { head: 'stop', cell: ({ stopPx }) => price(stopPx) },
      { head: 'status', text: true, cell: ({ status }) => status },
      { head: 'for', text: true, cell: ({ working }) => working },
    ]}
  />
);

const Waiting = ({ waiting }: { readonly waiting: readonly WaitingMoment[] }) => (
  <ul class="waiting" aria-label="Decided, and not out yet">
    {waiting.map(({ intent, side, symbol, action, reason, released }) => (
      <li key={intent}>
        <Chip>{released ? 'next' : 'waits for the open'}</Chip> {action}: {side} {symbol}, {reason}
      </li>
    ))}
  </ul>
);

const ENDS = ['OrderFilled', 'OrderCanceled', 'OrderExpired', 'OrderRejected', 'OrderDenied', 'OrderGivenUp'];
const SHOWN = 6;
const ASK_EVERY_MS = 1_000;

/** Asked for again as the moment moves, at most once a second. */
function Done({ seq }: { readonly seq: number }) {
  const [lines, setLines] = useState<readonly EventLine[]>([]);
  const due = useDue(seq, ASK_EVERY_MS);
  useEffect(() => {
    let wanted = true;
    server
      .events({ types: ENDS, before: due + 1, limit: SHOWN })
      .then(({ events }) => wanted && setLines(events))
      .catch(() => {});
    return () => {
      wanted = false;
    };
  }, [due]);
  if (lines.length === 0) return null;
  return (
    <ol class="done" aria-label="How orders ended last">
      {lines.map(({ seq: at, time, type, summary }) => (
        <li key={at}>
          <Why seq={at}>{moment(time).slice(5, 16)}</Why>
          <span class={type === 'OrderFilled' ? 'gain' : ''}>{summary}</span>
        </li>
      ))}
    </ol>
  );
}

/** A value that follows another one, at most so often. */
export function useDue<T>(value: T, everyMs: number): T {
  const [due, setDue] = useState({ value, at: performance.now() });
  useEffect(() => {
    if (value === due.value) return;
    const wait = Math.max(0, due.at + everyMs - performance.now());
    const timer = setTimeout(() => setDue({ value, at: performance.now() }), wait);
    return () => clearTimeout(timer);
  }, [value, due, everyMs]);
  return due.value;
}
