/** The page as a whole: the status line, the views, the causes beside them, and the slider through the session. */
import type { EngineMoment } from '../../../replay/moment.ts';
import { Causes } from './panels/causes.tsx';
import { Commands } from './panels/commands.tsx';
import { ConvictionPanel } from './panels/conviction.tsx';
import { EquityPanel } from './panels/equity.tsx';
import { EventsPanel } from './panels/events.tsx';
import { HedgePanel } from './panels/hedge.tsx';
import { IntelPanel } from './panels/intel.tsx';
import { LimitsPanel } from './panels/limits.tsx';
import { MachinesView } from './panels/machines.tsx';
import { OrdersPanel } from './panels/orders.tsx';
import { PositionsPanel } from './panels/positions.tsx';
import { PricePanel, useSeries } from './panels/price.tsx';
import { SelectionPanel } from './panels/selection.tsx';
import { isViewOnly, StatusBar } from './panels/status-bar.tsx';
import { ThemeSwitch } from './panels/theme.tsx';
import { TimeSlider } from './panels/time-slider.tsx';
import { WhatIfView } from './panels/what-if.tsx';
import type { View } from './place.ts';
import { go, type PageState, usePage } from './store.ts';

const NAMES: Readonly<Record<View, string>> = {
  desk: 'Desk',
  events: 'Events',
  machines: 'Statecharts',
  'what-if': 'What if',
};

export function App() {
  const page = usePage();
  const { shown, place, trouble } = page;
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        to the panels
      </button>
      <StatusBar page={page} />
      <nav class="views" aria-label="Views">
        {(Object.keys(NAMES) as View[]).map((view) => (
          <button
            type="button"
            key={view}
            class="view"
            aria-current={view === place.view ? 'page' : undefined}
            onClick={() => go({ view })}
          >
            {NAMES[view]}
          </button>
        ))}
        <span class="grow" />
        <Commands page={page} />
        <ThemeSwitch />
      </nav>
      {trouble === null ? null : (
        <p class="trouble banner" role="alert">
          {trouble}
        </p>
      )}
      {shown !== null && isViewOnly(shown) ? <ViewOnly shown={shown} /> : null}
      <main id="main" tabIndex={-1}>
        {shown === null ? (
          <p class="opening">The session is being read.</p>
        ) : (
          <Shown page={page} shown={shown} />
        )}
      </main>
      {place.event === null ? null : <Causes seq={place.event} />}
      <TimeSlider page={page} />
    </>
  );
}

const ViewOnly = ({ shown: { views } }: { readonly shown: EngineMoment }) => (
  <p class="banner view-only" role="alert">
    <b>VIEW ONLY</b>{' '}
    {views === null
      ? 'A feed is away: its prices are old, and no order rests on them.'
      : `A feed is away. Prices come from ${views.source} (${views.status}${views.detail === '' ? '' : `, ${views.detail}`}) and are for the eye alone: no order rests on them.`}
  </p>
);

function Shown({ page, shown }: { readonly page: PageState; readonly shown: EngineMoment }) {
  const { place } = page;
  switch (place.view) {
    case 'events':
      return <EventsPanel shown={shown} rows={60} />;
    case 'machines':
      return <MachinesView shown={shown} chosen={place.machine} />;
    case 'what-if':
      return <WhatIfView page={page} />;
    default:
      return <Desk page={page} shown={shown} />;
  }
}

function Desk({ page, shown }: { readonly page: PageState; readonly shown: EngineMoment }) {
  const { symbols } = shown.session;
  const wanted = page.place.symbol;
  const symbol =
    wanted !== null && symbols.includes(wanted) ? wanted : (shown.symbols[0]?.symbol ?? symbols[0] ?? '');
  const of = shown.symbols.find((each) => each.symbol === symbol) ?? null;
  const series = useSeries(symbol, shown);
  return (
    <div class="desk">
      <PricePanel shown={shown} symbol={symbol} series={series} />
      <ConvictionPanel of={of} points={series?.convictions ?? []} shown={shown} />
      <SelectionPanel of={of} />
      <PositionsPanel page={page} shown={shown} />
      <LimitsPanel shown={shown} />
      <OrdersPanel shown={shown} />
      <HedgePanel hedging={shown.hedging} />
      <EventsPanel shown={shown} rows={16} />
      <EquityPanel shown={shown} />
      <IntelPanel shown={shown} />
      {shown.session.modelled.length === 0 ? null : (
        <details class="modelled">
          <summary>What is modelled rather than recorded in this session</summary>
          <ul>
            {shown.session.modelled.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </details>
      )}
      <p class="note about">
        QuantOS {shown.session.engineVersion}. Price charts by{' '}
        <a href="https://www.tradingview.com" rel="noreferrer" target="_blank">
          TradingView Lightweight Charts™
        </a>
        , © TradingView, Inc.
      </p>
    </div>
  );
}
