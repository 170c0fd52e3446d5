/** The price panel: which symbol, how it is drawn, its chart, and the fills on it as a list. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { amount } from '../../../../replay/format.ts';
import type { FillPoint, SymbolSeries } from '../../../../replay/log-view.ts';
import type { EngineMoment } from '../../../../replay/moment.ts';
import { PriceChart } from '../charts/price-chart.ts';
import { Chip, Empty, Panel, Why } from '../panel.tsx';
import { server } from '../server.ts';
import { current, go } from '../store.ts';
import { day, isoOf, moment, price, span, tone } from '../words.ts';
import { useDue } from './orders.tsx';
import { useTheme } from './theme.tsx';

const POINTS = 2_000;
const AGAIN_EVERY_MS = 2_000;
/** A hand on the slider rests so long before its chart is read anew; until then the old one is cut off. */
const REST_MS = 250;
const WIDTHS: readonly (readonly [string, number | null])[] = [
  ['60', 60],
  ['250', 250],
  ['1,000', 1_000],
  ['all', null],
];
/** More candles than this are drawn as a line unless a person wants otherwise. */
const CANDLES_MAX = 320;
const FILLS_LISTED = 40;

interface PriceProps {
  readonly shown: EngineMoment;
  readonly symbol: string;
  /** Null until it is read. */
  readonly series: SymbolSeries | null;
}

export function PricePanel({ shown, symbol, series }: PriceProps) {
  const [width, setWidth] = useState<number | null>(null);
  const [style, setStyle] = useState<'line' | 'candles' | null>(null);
  const quote = shown.quotes.find((each) => each.symbol === symbol) ?? null;
  const view = shown.views?.prices.find((each) => each.symbol === symbol) ?? null;
  const { symbols } = shown.session;
  const count = series?.candles.length ?? 0;
  const drawn = style ?? (Math.min(count, width ?? count) > CANDLES_MAX ? 'line' : 'candles');
  const lastPx = view?.px ?? quote?.lastPx ?? null;
  const before = view?.previousClosePx ?? quote?.previousClosePx ?? null;
  const moved = lastPx !== null && before !== null && before > 0 ? lastPx / before - 1 : null;
  return (
    <Panel
      id="price"
      title={symbol}
      aside={
        <>
          {symbols.length < 2 ? null : (
            <select
              aria-label="symbol"
              value={symbol}
              onChange={({ currentTarget }) => go({ symbol: currentTarget.value })}
            >
              {symbols.map((each) => (
                <option key={each} value={each}>
                  {each}
                </option>
              ))}
            </select>
          )}
          <fieldset class="switch" aria-label="bars shown">
            {WIDTHS.map(([label, bars]) => (
              <button type="button" key={label} aria-pressed={width === bars} onClick={() => setWidth(bars)}>
                {label}
              </button>
            ))}
          </fieldset>
          <button type="button" onClick={() => setStyle(drawn === 'line' ? 'candles' : 'line')}>
            {drawn === 'line' ? 'candles' : 'line'}
          </button>
        </>
      }
    >
      <p class={`quote ${view === null ? '' : 'view-only'}`}>
        <b>{price(lastPx)}</b>
        {moved === null ? null : (
          <span class={tone(moved)}>
            {moved > 0 ? '+' : ''}
            {(moved * 100).toFixed(2).replace('-', '−')} %
          </span>
        )}
        {view !== null ? (
          <Chip mood="bad">VIEW ONLY, {span(view.ageMs)} old</Chip>
        ) : quote !== null && quote.bidPx !== null && quote.askPx !== null ? (
          <span class="note">
            {price(quote.bidPx)} / {price(quote.askPx)}
            {quote.spreadBps === null ? '' : `, ${quote.spreadBps.toFixed(1)} bps`}
            {quote.modelled ? ', modelled' : ''}
            {quote.ageMs === null ? '' : `, ${span(quote.ageMs)} old`}
          </span>
        ) : null}
      </p>
      {series !== null && count === 0 ? (
        <Empty>No bar of {symbol} is complete yet: the chart begins with the first one.</Empty>
      ) : (
        <Chart series={series} shown={shown} style={drawn} width={width} viewOnly={view !== null} />
      )}
      <p class="legend" aria-hidden="true">
        {['bull', 'bear', 'range', 'elevated', 'stressed', 'threatened', 'broken'].map((state) => (
          <span key={state}>
            <i class={`k ${state}`} /> {state}
          </span>
        ))}
      </p>
      <Fills fills={series?.fills.filter(({ seq }) => seq <= shown.seq) ?? []} />
    </Panel>
  );
}

/** Asked for once, again while the session goes on, and up to the moment that somebody looks back at: its last bar is whole then. */
export function useSeries(symbol: string, { head, seq, session }: EngineMoment): SymbolSeries | null {
  const [series, setSeries] = useState<SymbolSeries | null>(null);
  const upTo = current().place.seq === null ? null : seq;
  const due = useDue(upTo ?? head.seq, upTo === null ? AGAIN_EVERY_MS : REST_MS);
  useEffect(() => {
    let wanted = true;
    server
      .series(symbol, POINTS, upTo === null ? undefined : due)
      .then((answer) => wanted && setSeries(answer))
      .catch(() => {});
    return () => {
      wanted = false;
    };
  }, [symbol, due, upTo === null, session.name]);
  return series?.symbol === symbol ? series : null;
}

interface ChartProps {
  readonly series: SymbolSeries | null;
  readonly shown: EngineMoment;
  readonly style: 'line' | 'candles';
  readonly width: number | null;
  readonly viewOnly: boolean;
}

function Chart({ series, shown, style, width, viewOnly }: ChartProps) {
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<PriceChart | null>(null);
  const theme = useTheme();
  const isPast = current().place.seq !== null;
  // While time goes on a chart is drawn when it was asked for anew; looking back, at every step.
  const untilSeq = isPast ? shown.seq : Number.MAX_SAFE_INTEGER;
  const untilUs = isPast ? shown.timeUs : Number.MAX_SAFE_INTEGER - 1;
  useEffect(() => {
    const made = new PriceChart(element.current!, (seq) => go({ event: seq }));
    chart.current = made;
    return () => {
      chart.current = null;
      made.remove();
    };
  }, []);
  useEffect(() => chart.current?.paint(), [theme]);
  useEffect(() => {
    if (series !== null) chart.current?.show({ series, untilUs, untilSeq, style, width, viewOnly });
  }, [series, untilUs, untilSeq, style, width, viewOnly, theme]);
  return (
    <div
      ref={element}
      class="chart price-chart"
      role="img"
      aria-label={series === null ? 'the chart is being read' : chartWords(series, shown)}
    />
  );
}

function chartWords({ symbol, candles, fills }: SymbolSeries, { symbols, seq }: EngineMoment): string {
  const [first, last] = [candles[0], candles.at(-1)];
  if (first === undefined || last === undefined) return `no prices of ${symbol}`;
  const regime = symbols.find((each) => each.symbol === symbol)?.regime ?? null;
  const trend = regime === null ? '' : `, trend ${regime.trend.state}`;
  const count = fills.filter((fill) => fill.seq <= seq).length;
  return `${symbol} from ${amount(first[4])} on ${day(isoOf(first[0]))} to ${amount(last[4])} on ${day(isoOf(last[0]))}${trend}, ${count} fills; they are listed below`;
}

const Fills = ({ fills }: { readonly fills: readonly FillPoint[] }) => (
  <details class="fills">
    <summary>
      {fills.length === 0 ? 'No fill so far' : fills.length === 1 ? '1 fill' : `${fills.length} fills`}
      {fills.length > FILLS_LISTED ? `, the last ${FILLS_LISTED} listed` : ''}
    </summary>
    <ol reversed>
      {fills
        .slice(-FILLS_LISTED)
        .reverse()
        .map(({ seq, timeUs, side, quantity, symbol, px, action }) => (
          <li key={seq}>
            <Why seq={seq}>{moment(isoOf(timeUs)).slice(0, 16)}</Why>
            <span class={side === 'buy' ? 'gain' : 'loss'}>
              {side} {amount(quantity)} {symbol}
            </span>{' '}
            at {price(px)} {action === null ? '' : `(${action})`}
          </li>
        ))}
    </ol>
  </details>
);
