/** Share, option or nothing, and every test that led there; the lives of the two plans. */
import type { PlanMoment, SymbolMoment } from '../../../../replay/moment.ts';
import { Chip, Empty, Panel, Why } from '../panel.tsx';
import { day, mood, price } from '../words.ts';
import { Tests } from './tests.tsx';

export function SelectionPanel({ of }: { readonly of: SymbolMoment | null }) {
  const selection = of?.selection ?? null;
  return (
    <Panel
      id="selection"
      title="Selector"
      aside={selection === null ? undefined : <Why seq={selection.seq}>{day(selection.time)}</Why>}
    >
      {of === null || (of.plans === null && selection === null) ? (
        <Empty>Profile plain takes signals as they are: nothing is selected.</Empty>
      ) : (
        <>
          {selection === null ? (
            <Empty>No choice was made yet: the first comes with the first close.</Empty>
          ) : (
            <>
              <p class="choice">
                <Chip mood={selection.payload.choice === 'nothing' ? 'calm' : 'good'}>
                  {selection.payload.choice}
                </Chip>
                <span>
                  {selection.payload.contract ?? selection.payload.direction}, {selection.payload.reason}
                </span>
              </p>
              <Tests tests={selection.payload.tests} />
            </>
          )}
          <Regime of={of} />
          {of.plans === null ? null : (
            <dl class="plans">
              {(['equity', 'option'] as const).map((kind) => (
                <Plan key={kind} kind={kind} plan={of.plans![kind]} />
              ))}
            </dl>
          )}
        </>
      )}
    </Panel>
  );
}

function Regime({ of: { regime, guard } }: { readonly of: SymbolMoment }) {
  if (regime === null) return null;
  return (
    <p class="regime">
      {(['trend', 'volatility', 'structure'] as const).map((region) => (
        <Chip
          key={region}
          mood={mood(regime[region].state)}
          title={
            regime[region].changed === null ? region : `${region}, since ${day(regime[region].changed.time)}`
          }
        >
          {region} {regime[region].state}
        </Chip>
      ))}
      {guard === null ? null : (
        <Chip mood={mood(guard.state)} title="whether option premium may be bought">
          guard {guard.state}
        </Chip>
      )}
    </p>
  );
}

function Plan({ kind, plan }: { readonly kind: string; readonly plan: PlanMoment }) {
  const { state, instrument, direction, stopPx } = plan;
  const held =
    state === 'idle' || state === 'disarmed' || instrument === null ? '' : ` ${direction} ${instrument}`;
  return (
    <div>
      <dt>{kind} plan</dt>
      <dd>
        {state}
        {held}
        {stopPx === null ? '' : `, stop ${price(stopPx)}`}
      </dd>
    </div>
  );
}
