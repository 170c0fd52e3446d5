/** The line above everything: which session this is, how it fares, what it is worth, and what may be done about it. */
import { change, percent } from '../../../../replay/format.ts';
import type { EngineMoment } from '../../../../replay/moment.ts';
import { Chip } from '../panel.tsx';
import type { PageState } from '../store.ts';
import { cents, type Mood, moment as momentText, mood, signed, span, tone } from '../words.ts';

const MODES: Readonly<Record<string, readonly [Mood, string]>> = {
  sim: ['calm', 'SIM'],
  paper: ['mind', 'PAPER'],
  live: ['bad', 'LIVE MONEY'],
};

export function StatusBar({ page }: { readonly page: PageState }) {
  const { shown, health, link, place } = page;
  const [modeMood, mode] = MODES[shown?.session.mode ?? 'sim'];
  return (
    <header class="status">
      <div class="who">
        <strong class="brand">QuantOS</strong>
        {shown === null ? null : (
          <>
            <Chip mood={modeMood} title="where its orders go">
              {mode}
            </Chip>
            <span
              class="session"
              title={`strategy ${shown.session.strategy}, profile ${shown.session.profile}`}
            >
              {shown.session.name}
            </span>
          </>
        )}
      </div>
      <div class="how" role="status" aria-live="polite" aria-label="State of the engine">
        {link === 'open' ? null : (
          <Chip mood={link === 'lost' ? 'bad' : 'mind'}>
            {link === 'lost' ? 'connection lost, coming back' : 'connecting'}
          </Chip>
        )}
        {place.seq === null ? null : <Chip mood="mind">LOOKING BACK</Chip>}
        {health !== null && health.state !== 'trading' ? (
          <Chip mood={mood(health.state)} title={health.why}>
            engine {health.state}
          </Chip>
        ) : null}
        {shown === null ? null : <States shown={shown} />}
      </div>
      {shown === null ? null : <Figures shown={shown} />}
    </header>
  );
}

function States({ shown }: { readonly shown: EngineMoment }) {
  const { trading, feeds, halted } = shown;
  return (
    <>
      <Chip mood={mood(trading.state)} title={trading.reason ?? undefined}>
        {trading.state}
      </Chip>
      {halted === null ? null : <Chip mood="bad">core halted</Chip>}
      {feeds.map(({ feed, state, tradable, reason, silentMs }) => (
        <Chip
          key={feed}
          mood={mood(state)}
          title={[reason ?? '', silentMs === null ? '' : `silent for ${span(silentMs)}`]
            .filter(Boolean)
            .join('; ')}
        >
          {feed} {state}
          {tradable ? '' : ', view only'}
        </Chip>
      ))}
      {isViewOnly(shown) ? (
        <Chip mood="bad" title="no decision is made on these prices">
          VIEW ONLY
        </Chip>
      ) : null}
    </>
  );
}

/** A stand-in shows prices while the primary feed is away. */
export const isViewOnly = ({ views, feeds }: EngineMoment): boolean =>
  (views !== null && views.status !== 'idle') || feeds.some(({ state }) => state === 'failover');

function Figures({ shown }: { readonly shown: EngineMoment }) {
  const { money, time } = shown;
  return (
    <dl class="figures">
      <div>
        <dt>clock, UTC</dt>
        <dd>
          <time dateTime={time}>{momentText(time)}</time>
        </dd>
      </div>
      <div>
        <dt>equity</dt>
        <dd>{cents(money.equity)}</dd>
      </div>
      <div>
        <dt>today</dt>
        <dd class={tone(money.dayProfit)}>
          {signed(money.dayProfit)} <small>{change(money.dayProfitShare, 2)}</small>
        </dd>
      </div>
      <div class="spare">
        <dt>session</dt>
        <dd class={tone(money.profit)}>{signed(money.profit)}</dd>
      </div>
      <div class="spare">
        <dt>drawdown</dt>
        <dd title={`deepest ${percent(money.deepestDrawdown)}`}>{percent(money.drawdown)}</dd>
      </div>
    </dl>
  );
}
