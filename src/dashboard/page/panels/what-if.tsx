/** The session again under another rule: what is asked, and what would have been decided and earned. */
import { useEffect, useState } from 'preact/hooks';
import type { Move, Parting } from '../../../../replay/decision-alignment.ts';
import { change, grouped, money, percent } from '../../../../replay/format.ts';
import type { WhatIfResult } from '../../../../replay/what-if.ts';
import type { WhatIfAsked, WhatIfStatus } from '../../page-api.ts';
import { Empty, Panel, Table, Why } from '../panel.tsx';
import { server } from '../server.ts';
import type { PageState } from '../store.ts';
import { moment, signed, tone } from '../words.ts';
import { Plot } from './equity.tsx';

const LOOK_EVERY_MS = 300;
const LISTED = 40;

export function WhatIfView({ page }: { readonly page: PageState }) {
  const [status, setStatus] = useState<WhatIfStatus | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const running = status?.state === 'running' ? status.id : null;
  useEffect(() => {
    if (running === null) return;
    const timer = setInterval(() => {
      server.whatIfStatus(running).then(setStatus, (error) => {
        setTrouble(error.message);
        setStatus(null);
      });
    }, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [running]);
  const run = async (asked: WhatIfAsked) => {
    setTrouble(null);
    setStatus(null);
    try {
      setStatus(await server.whatIf(page.token, asked));
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error));
    }
  };
  const problem = trouble ?? (status?.state === 'failed' ? status.error : null);
  return (
    <div class="what-if">
      <Panel id="asked" title="What if">
        {page.session?.mayAct ? (
          <Form onRun={run} busy={running !== null} />
        ) : (
          <Empty>
            A rerun costs this computer's time, so it wants the address that was printed when this page's
            server started: it ends with #token=…
          </Empty>
        )}
        <div role="status" aria-live="polite">
          {status?.state === 'running' ? (
            <>
              <progress
                max={Math.max(1, status.total)}
                value={status.done}
                aria-label="the session runs again"
              />
              <p class="note">
                {grouped(status.done)} of {grouped(status.total)} market records
              </p>
            </>
          ) : null}
          {problem === null ? null : (
            <p class="trouble" role="alert">
              {problem}
            </p>
          )}
        </div>
      </Panel>
      {status?.state === 'done' ? <Result result={status.result} /> : null}
    </div>
  );
}

function Form({ onRun, busy }: { readonly onRun: (asked: WhatIfAsked) => void; readonly busy: boolean }) {
  const [strategy, setStrategy] = useState('');
  const [pairs, setPairs] = useState('');
  const [stop, setStop] = useState('');
  const [hedge, setHedge] = useState<'' | 'on' | 'off'>('');
  const [instruments, setInstruments] = useState<'' | 'equity' | 'all'>('');
  const set = [
    ...pairs.split(/[\n\s]+/).filter(Boolean),
    ...(stop.trim() === '' ? [] : [`selector.stopAtr=${stop.trim()}`]),
  ];
  const asked: WhatIfAsked = {
    ...(strategy.trim() === '' ? {} : { strategy: strategy.trim() }),
    ...(set.length === 0 ? {} : { set }),
    ...(hedge === '' ? {} : { hedge }),
    ...(instruments === '' ? {} : { instruments }),
  };
  const isEmpty = Object.keys(asked).length === 0;
  return (
    <form
      class="fields"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isEmpty && !busy) onRun(asked);
      }}
    >
      <label>
        another strategy
        <input
          value={strategy}
          placeholder="sma-cross"
          list="strategies"
          spellcheck={false}
          onInput={({ currentTarget }) => setStrategy(currentTarget.value)}
        />
        <datalist id="strategies">
          <option value="conviction" />
          <option value="buy-and-hold" />
          <option value="sma-cross" />
          <option value="rsi-reversion" />
        </datalist>
      </label>
      <label class="broad">
        parameters and numbers of the engine, as key=value
        <textarea
          rows={2}
          value={pairs}
          placeholder="selector.equityConviction=70 risk.symbolCap=0.3"
          spellcheck={false}
          onInput={({ currentTarget }) => setPairs(currentTarget.value)}
        />
      </label>
      <label>
        protective stop, in ATRs
        <input
          inputMode="decimal"
          value={stop}
          placeholder="4"
          onInput={({ currentTarget }) => setStop(currentTarget.value)}
        />
      </label>
      <label>
        hedge
        <select
          value={hedge}
          onChange={({ currentTarget }) => setHedge(currentTarget.value as '' | 'on' | 'off')}
        >
          <option value="">as it was</option>
          <option value="on">on</option>
          <option value="off">off</option>
        </select>
      </label>
      <label>
        instruments
        <select
          value={instruments}
          onChange={({ currentTarget }) => setInstruments(currentTarget.value as '' | 'equity' | 'all')}
        >
          <option value="">as they were</option>
          <option value="equity">shares only</option>
          <option value="all">all</option>
        </select>
      </label>
      <button type="submit" class="sure" disabled={isEmpty || busy}>
        {busy ? 'runs' : 'Run it again'}
      </button>
    </form>
  );
}

function Result({ result }: { readonly result: WhatIfResult }) {
  const { base, variant, recorded, pnlDelta, firstDifference, added, removed, changed } = result;
  const columns = [...(recorded === null ? [] : [recorded]), base, variant];
  const rows: readonly (readonly [string, (of: WhatIfResult['base']) => string])[] = [
    ['final equity', ({ finalEquity }) => money(finalEquity)],
    ['profit', ({ pnl }) => signed(pnl)],
    ['return', ({ roi }) => change(roi, 2)],
    ['deepest drawdown', ({ maxDrawdown }) => percent(maxDrawdown)],
    ['trades', ({ tradeCount }) => grouped(tradeCount)],
    ['fees', ({ fees }) => money(fees)],
    ['decisions', ({ decisions }) => grouped(decisions)],
  ];
  return (
    <>
      <Panel
        id="compared"
        title="Both runs"
        aside={<span class={tone(pnlDelta)}>profit {signed(pnlDelta)}</span>}
      >
        <Curves result={result} />
        <Table
          caption="The runs beside each other"
          rows={rows}
          keyOf={([name]) => name}
          columns={[
            { head: '', text: true, cell: ([name]) => name },
            ...columns.map((column) => ({
              head: column.label,
              cell: ([, show]: (typeof rows)[number]) => show(column),
            })),
          ]}
        />
      </Panel>
      <Panel id="first-difference" title="Where they part">
        {firstDifference === null ? (
          <Empty>Nowhere: the change decided nothing in this session.</Empty>
        ) : (
          <>
            <Beside parting={firstDifference} labels={[base.label, variant.label]} />
            {firstDifference.kind === 'decision' || firstDifference.decision === null ? null : (
              <>
                <h3>The first decision after it that differs</h3>
                <Beside parting={firstDifference.decision} labels={[base.label, variant.label]} />
              </>
            )}
          </>
        )}
      </Panel>
      <Panel
        id="differences"
        title="What differs"
        aside={`${grouped(added.length)} more, ${grouped(removed.length)} fewer, ${grouped(changed.length)} otherwise`}
      >
        <Differences title="Decided otherwise" partings={changed} labels={[base.label, variant.label]} />
        <Differences
          title="Not decided any more"
          partings={removed.map((move) => ({ base: move, variant: null }))}
          labels={[base.label, variant.label]}
        />
        <Differences
          title="Decided besides"
          partings={added.map((move) => ({ base: null, variant: move }))}
          labels={[base.label, variant.label]}
        />
      </Panel>
    </>
  );
}

function Curves({ result: { base, variant, curves } }: { readonly result: WhatIfResult }) {
  if (curves.timeUs.length < 2) return <Empty>The session is too short for a curve.</Empty>;
  return (
    <div
      role="img"
      aria-label={`equity of both runs: ${base.label} ends at ${money(base.finalEquity)}, ${variant.label} at ${money(variant.finalEquity)}`}
    >
      <p class="legend" aria-hidden="true">
        <span>
          <i class="k own" /> {base.label}
        </span>
        <span>
          <i class="k twin" /> {variant.label}
        </span>
      </p>
      <Plot
        curves={{
          times: curves.timeUs.map((us) => us / 1e6),
          lines: [
            { label: base.label, tone: 'own', values: curves.base },
            { label: variant.label, tone: 'twin', values: curves.variant },
          ],
          height: 220,
        }}
      />
    </div>
  );
}

interface Labelled {
  readonly labels: readonly [string, string];
}

const Beside = ({ parting: { base, variant }, labels }: Labelled & { readonly parting: Parting }) => (
  <div class="beside">
    <Side label={labels[0]} move={base} asked />
    <Side label={labels[1]} move={variant} />
  </div>
);

/** Events of the recorded run can be asked for their causes; the other run left no log. */
const Side = ({
  label,
  move,
  asked = false,
}: {
  readonly label: string;
  readonly move: Move | null;
  readonly asked?: boolean;
}) => (
  <div class="side">
    <h4>{label}</h4>
    {move === null ? (
      <p class="note">nothing</p>
    ) : (
      <>
        <p>
          <b>{move.type}</b> {move.summary}
        </p>
        <p class="note">
          {moment(move.time)}, after {move.cause} {asked ? <Why seq={move.seq} /> : null}
        </p>
      </>
    )}
  </div>
);

function Differences({
  title,
  partings,
  labels,
}: Labelled & { readonly title: string; readonly partings: readonly Parting[] }) {
  if (partings.length === 0) return null;
  return (
    <details open={partings.length < 12}>
      <summary>
        {title}: {grouped(partings.length)}
      </summary>
      {partings.slice(0, LISTED).map((parting) => (
        <Beside key={`${parting.base?.seq}/${parting.variant?.seq}`} parting={parting} labels={labels} />
      ))}
      {partings.length > LISTED ? (
        <p class="note">
          and {grouped(partings.length - LISTED)} more; quantos whatif lists them all with --limit
        </p>
      ) : null}
    </details>
  );
}
