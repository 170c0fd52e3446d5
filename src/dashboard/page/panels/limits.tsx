/** Risk limits, how much of each is used, and what holds trading back. */
import type { EngineMoment, LimitBar } from '../../../../replay/moment.ts';
import { Chip, Empty, Meter, Panel, Why } from '../panel.tsx';
import { inUnit, moment, mood, words } from '../words.ts';

export function LimitsPanel({ shown: { limits, trading } }: { readonly shown: EngineMoment }) {
  return (
    <Panel id="limits" title="Risk" aside={<Chip mood={mood(trading.state)}>{trading.state}</Chip>}>
      {trading.reason === null || trading.state === 'trading' ? null : (
        <p class="held">
          {trading.reason}
          {trading.since === null ? '' : `, since ${moment(trading.since)}`}{' '}
          {trading.sinceSeq === null ? null : <Why seq={trading.sinceSeq} />}
        </p>
      )}
      {limits.length === 0 ? (
        <Empty>This run has no risk limits.</Empty>
      ) : (
        <ul class="limits">
          {limits.map((limit) => (
            <Bar key={`${limit.name}/${limit.symbol}`} bar={limit} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Bar({ bar: { name, symbol, used, limit, unit, enforced } }: { readonly bar: LimitBar }) {
  const share = limit > 0 ? Math.max(0, used / limit) : 0;
  const level = !enforced ? 'off' : share >= 1 ? 'full' : share >= 0.8 ? 'near' : '';
  const label = symbol === null ? words(name) : `${words(name)} ${symbol}`;
  return (
    <li class={`limit-bar ${level}`} title={enforced ? undefined : 'shown, and not enforced in this run'}>
      <span class="name">{label}</span>
      <Meter label={label} share={share} text={`${inUnit(used, unit)} of ${inUnit(limit, unit)}`} />
      <span class="value">
        {inUnit(used, unit)} <small>of {inUnit(limit, unit)}</small>
      </span>
    </li>
  );
}
