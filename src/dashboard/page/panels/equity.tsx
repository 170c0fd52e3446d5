/** What the account was worth, and how far below its best it stood. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { percent } from '../../../../replay/format.ts';
import type { EquityCurve } from '../../../../replay/log-view.ts';
import type { EngineMoment } from '../../../../replay/moment.ts';
import { CurveChart, type Curves, curveWords } from '../charts/curve-chart.ts';
import { Empty, Panel } from '../panel.tsx';
import { server } from '../server.ts';
import { current } from '../store.ts';
import { signed, tone } from '../words.ts';
import { useDue } from './orders.tsx';
import { useTheme } from './theme.tsx';

const POINTS = 1_500;
const AGAIN_EVERY_MS = 2_000;
const [EQUITY_PX, FALL_PX] = [168, 84];

export function EquityPanel({ shown }: { readonly shown: EngineMoment }) {
  const [curve, setCurve] = useState<EquityCurve | null>(null);
  const due = useDue(shown.head.seq, AGAIN_EVERY_MS);
  useEffect(() => {
    let wanted = true;
    server
      .equity(POINTS)
      .then((answer) => wanted && setCurve(answer))
      .catch(() => {});
    return () => {
      wanted = false;
    };
  }, [due, shown.session.name]);
  const untilUs = current().place.seq === null ? Number.POSITIVE_INFINITY : shown.timeUs;
  const points = useMemo(() => curve?.points.filter(([time]) => time <= untilUs) ?? [], [curve, untilUs]);
  const { money } = shown;
  return (
    <Panel
      id="equity"
      title="Equity"
      aside={
        <>
          <span class={tone(money.profit)}>{signed(money.profit)}</span>, drawdown {percent(money.drawdown)},
          deepest {percent(money.deepestDrawdown)}
        </>
      }
    >
      {curve !== null && points.length < 2 ? (
        <Empty>The curve begins with the second bar of this session.</Empty>
      ) : (
        <Curve points={points} deepest={money.deepestDrawdown} />
      )}
    </Panel>
  );
}

function Curve({ points, deepest }: { readonly points: EquityCurve['points']; readonly deepest: number }) {
  const [times, equity, fall] = useMemo(
    () => [
      points.map(([time]) => time / 1e6),
      points.map(([, value]) => value),
      points.map(([, , drawdown]) => 0 - drawdown),
    ],
    [points],
  );
  const words =
    points.length === 0
      ? 'the curve is being read'
      : curveWords('equity', equity[0], equity.at(-1)!, deepest);
  return (
    <div role="img" aria-label={words}>
      <Plot
        curves={{ times, lines: [{ label: 'equity', tone: 'own', values: equity }], height: EQUITY_PX }}
      />
      <Plot
        curves={{
          times,
          lines: [{ label: 'drawdown', tone: 'loss', values: fall }],
          unit: 'fall',
          height: FALL_PX,
        }}
      />
    </div>
  );
}

/** A curve chart in the page's flow: its height is kept before it is drawn. */
export function Plot({ curves }: { readonly curves: Curves }) {
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<CurveChart | null>(null);
  const theme = useTheme();
  useEffect(() => {
    const made = new CurveChart(element.current!);
    chart.current = made;
    return () => {
      chart.current = null;
      made.remove();
    };
  }, []);
  useEffect(() => {
    if (curves.times.length > 1) chart.current?.show(curves, theme);
  });
  return <div ref={element} class="chart" style={{ height: `${curves.height}px` }} />;
}
