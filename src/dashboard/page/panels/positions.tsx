/** What is held, what it is worth at live marks, and what it moves with. */
import { useState } from 'preact/hooks';
import { amount, dollars, money, percent } from '../../../../replay/format.ts';
import type { EngineMoment } from '../../../../replay/moment.ts';
import { Chip, type Column, Empty, Panel, Table } from '../panel.tsx';
import type { PageState } from '../store.ts';
import { nothing, price, signed, tone } from '../words.ts';
import { Confirm, flattenOrder } from './commands.tsx';

type Position = EngineMoment['positions'][number];

export function PositionsPanel({ page, shown }: { readonly page: PageState; readonly shown: EngineMoment }) {
  const [flattening, setFlattening] = useState<string | null>(null);
  const { positions, exposure, views } = shown;
  const viewed = new Map(views?.prices.map(({ symbol, px }) => [symbol, px]));
  const columns: Column<Position>[] = [
    {
      head: 'position',
      text: true,
      cell: ({ symbol, role }) => (
        <>
          {symbol} <Chip>{role}</Chip>
        </>
      ),
    },
    { head: 'quantity', cell: ({ quantity }) => amount(quantity) },
    { head: 'average', unit: 'dollars a unit', cell: ({ avgPx }) => price(avgPx) },
    {
      head: 'mark',
      unit: 'dollars a unit',
      cell: ({ symbol, lastPx }) =>
        viewed.has(symbol) ? (
          <span class="view-only">{price(viewed.get(symbol)!)} view only</span>
        ) : (
          price(lastPx)
        ),
    },
    { head: 'value', unit: 'dollars', cell: ({ value }) => money(value) },
    {
      head: 'unrealized',
      unit: 'dollars',
      cell: ({ unrealized }) => signed(unrealized),
      tone: ({ unrealized }) => tone(unrealized),
    },
    { head: 'IV', unit: 'implied volatility', cell: ({ impliedVol }) => percent(impliedVol) },
    { head: 'delta $', unit: exposure.units.delta, cell: ({ delta }) => dollars(delta) },
    { head: 'gamma $', unit: exposure.units.gamma, cell: ({ gamma }) => dollars(gamma) },
    { head: 'vega $', unit: exposure.units.vega, cell: ({ vega }) => dollars(vega) },
    { head: 'theta $', unit: exposure.units.theta, cell: ({ theta }) => dollars(theta) },
  ];
  const { session } = page;
  if (session?.live && session.mayAct && page.place.seq === null) {
    columns.push({
      head: 'act',
      cell: ({ symbol, role }) =>
        role === 'core' ? (
          nothing
        ) : (
          <button type="button" class="small" onClick={() => setFlattening(symbol)}>
            flatten
          </button>
        ),
    });
  }
  return (
    <Panel
      id="positions"
      title="Positions"
      aside={
        <span title={exposure.units.betaWeightedDelta}>
          net delta {dollars(exposure.netDelta)}, buying power {dollars(exposure.buyingPower)}
        </span>
      }
    >
      {positions.length === 0 ? (
        <Empty>Nothing is held at this moment: all of {money(shown.cash)} is cash.</Empty>
      ) : (
        <Table
          caption="Positions with their greeks in dollars"
          columns={columns}
          rows={positions}
          keyOf={({ symbol, role }) => `${symbol}/${role}`}
        />
      )}
      {flattening === null ? null : (
        <Confirm
          order={flattenOrder(flattening)}
          token={page.token}
          symbol={flattening}
          onClose={() => setFlattening(null)}
        />
      )}
    </Panel>
  );
}
