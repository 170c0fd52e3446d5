/** The put protocol: what there is to hedge, how much of it is taken away, and what was sized last. */
import { amount, dollars, percent } from '../../../../replay/format.ts';
import type { HedgingMoment } from '../../../../replay/moment.ts';
import { Chip, Empty, Meter, Panel, Why } from '../panel.tsx';
import { day } from '../words.ts';
import { Tests } from './tests.tsx';

/** What was sized for an earlier breakdown says nothing in these. */
const AT_REST: ReadonlySet<string> = new Set(['idle', 'armed', 'cooldown']);

export function HedgePanel({ hedging }: { readonly hedging: HedgingMoment | null }) {
  return (
    <Panel
      id="hedge"
      title="Hedge"
      aside={
        hedging === null ? undefined : (
          <Chip mood={hedging.state === 'idle' ? 'calm' : 'mind'}>{hedging.state}</Chip>
        )
      }
    >
      {hedging === null ? (
        <Empty>
          Nothing is hedged in this run: the put protocol is off, or its benchmark is not followed.
        </Empty>
      ) : (
        <Protection hedging={hedging} />
      )}
    </Panel>
  );
}

function Protection({ hedging }: { readonly hedging: HedgingMoment }) {
  const { state, exposure, covered, sized, changed } = hedging;
  const share = exposure > 0 ? Math.max(0, covered / exposure) : 0;
  return (
    <>
      <div class="limit-bar">
        <span class="name">covered</span>
        <Meter label="share of the exposure that hedges take away" share={share} kind="hedges" />
        <span class="value">
          {dollars(covered)} of {dollars(exposure)} delta{exposure > 0 ? `, ${percent(share, 0)}` : ''}
        </span>
      </div>
      {changed === null ? (
        <p class="note">It has stood idle since the session began.</p>
      ) : (
        <p class="note">
          {state} since <Why seq={changed.seq}>{day(changed.time)}</Why>
        </p>
      )}
      {sized === null || AT_REST.has(state) ? null : (
        <>
          <p>
            {sized.payload.contract === null
              ? 'No put would do'
              : `${amount(sized.payload.quantity)} × ${sized.payload.contract}`}{' '}
            for {dollars(sized.payload.target)} of delta <Why seq={sized.seq} />
          </p>
          <details>
            <summary>
              {sized.payload.tests.filter(({ pass }) => pass).length} of {sized.payload.tests.length} tests
              passed
            </summary>
            <Tests tests={sized.payload.tests} />
          </details>
        </>
      )}
    </>
  );
}
