/** How sure the engine is of a symbol, of what that score is made, and what was left out of it. */
import { amount, percent } from '../../../../replay/format.ts';
import type { SymbolMoment } from '../../../../replay/moment.ts';
import { Empty, Meter, Panel, Why } from '../panel.tsx';
import { day, nothing } from '../words.ts';

export function ConvictionPanel({ of }: { readonly of: SymbolMoment | null }) {
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
