/** How sure the engine is of a symbol, of what that score is made, and what was left out of it. */
import { useMemo } from 'preact/hooks';
import { amount, percent } from '../../../../replay/format.ts';
import type { ConvictionPoint } from '../../../../replay/log-view.ts';
import type { EngineMoment, SymbolMoment } from '../../../../replay/moment.ts';
import { Empty, Meter, Panel, Why } from '../panel.tsx';
import { day, isoOf, nothing } from '../words.ts';
import { Plot } from './equity.tsx';

interface ConvictionProps {
  readonly of: SymbolMoment | null;
  /** Published scores, oldest first. */
  readonly points: readonly ConvictionPoint[];
  readonly shown: EngineMoment;
}

export function ConvictionPanel({ of, points, shown }: ConvictionProps) {
  const standing = of?.conviction ?? null;
  return (
    <Panel
      id="conviction"
      title="Conviction"
      aside={standing === null ? undefined : <Why seq={standing.seq}>{day(standing.time)}</Why>}
    >
      {of === null ? (
        <Empty>No symbol is decided on in this session.</Empty>
      ) : (
        <>
          <Scores newest={of.newest} />
          {standing === null ? (
            <Empty>No score was published yet: the strategy warms up, or nothing crossed a threshold.</Empty>
          ) : (
            <Components standing={standing} />
          )}
          <History points={points} shown={shown} />
        </>
      )}
    </Panel>
  );
}

const Scores = ({ newest }: Pick<SymbolMoment, 'newest'>) => (
  <div class="scores">
    {(['long', 'short'] as const).map((side) => {
      const score = newest[side];
      return (
        <div key={side} class={`score ${side}`}>
          <span class="side">{side}</span>
          <Meter label={`${side} conviction`} share={(score ?? 0) / 100} />
          <b>{score === null ? nothing : score.toFixed(1)}</b>
        </div>
      );
    })}
  </div>
);

function Components({ standing }: { readonly standing: NonNullable<SymbolMoment['conviction']> }) {
  const { direction, conviction, components, omitted, strategy } = standing.payload;
  return (
    <>
      <p class="note">
        Published last: {direction} {amount(conviction)} by {strategy}
      </p>
      {components.length === 0 ? (
        <Empty>This strategy names no components of its score.</Empty>
      ) : (
        <ul class="components">
          {components.map(({ name, weight, value, source }) => (
            <li key={name} title={source}>
              <span class="name">{name}</span>
              <Meter label={`${name}, of its weight`} share={value} />
              <span class="value">{percent(value, 0)}</span>
              <span class="weight">× {weight.toFixed(1)}</span>
            </li>
          ))}
        </ul>
      )}
      {omitted.length === 0 ? null : (
        <details class="omitted">
          <summary>{omitted.length} left out</summary>
          <ul>
            {omitted.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

/** The last so many published scores of each side. */
const POINTS = 80;
const HISTORY_PX = 92;

function History({ points, shown }: Pick<ConvictionProps, 'points' | 'shown'>) {
  const { seq } = shown;
  const [times, long, short] = useMemo(() => {
    const seen = points.filter((point) => point.seq <= seq).slice(-POINTS);
    const side = (direction: string) => {
      let last: number | null = null;
      return seen.map((point) => (last = point.direction === direction ? point.conviction : last));
    };
    return [seen.map(({ timeUs }) => timeUs / 1e6), side('long'), side('short')];
  }, [points, seq]);
  if (times.length < 2) return null;
  const words = `published scores since ${day(isoOf(times[0] * 1e6))}: long ${long.at(-1) ?? 'none'}, short ${short.at(-1) ?? 'none'}`;
  return (
    <div role="img" aria-label={words}>
      <Plot
        curves={{
          times,
          lines: [
            { label: 'long', tone: 'gain', values: long },
            { label: 'short', tone: 'loss', values: short },
          ],
          unit: 'score',
          height: HISTORY_PX,
        }}
      />
    </div>
  );
}
