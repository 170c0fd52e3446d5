/** Prices of one symbol with its regimes behind them and our fills on them. Draws what it is given, asks for nothing. */
import {
  AreaSeries,
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineStyle,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import type { FillPoint, SymbolSeries } from '../../../../replay/log-view.ts';
import { colour } from '../panels/theme.tsx';
import { RegimeShading, type Shade } from './shading.ts';

export interface PriceView {
  readonly series: SymbolSeries;
  /** Nothing after this moment, microseconds. */
  readonly untilUs: number;
  readonly untilSeq: number;
  readonly style: 'line' | 'candles';
  /** Candles that are to be seen; null: all. */
  readonly width: number | null;
  /** Its newest price may only be looked at. */
  readonly viewOnly: boolean;
}

const TONES: Readonly<Record<string, string>> = {
  bull: 'bull',
  bear: 'bear',
  range: 'range',
  elevated: 'elevated',
  stressed: 'stressed',
  threatened: 'threatened',
  broken: 'broken',
};

const secondsOf = (us: number): UTCTimestamp => Math.floor(us / 1e6) as UTCTimestamp;

/** Of ascending times: the first place whose time is at or after `us`. */
function placeOf(times: readonly number[], us: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < us) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class PriceChart {
  readonly #chart: IChartApi;
  readonly #shading = new RegimeShading();
  #series: ISeriesApi<'Area'> | ISeriesApi<'Candlestick'> | null = null;
  #markers: ISeriesMarkersPluginApi<Time> | null = null;
  #style: PriceView['style'] | null = null;
  #frame = '';

  constructor(element: HTMLElement, onFill: (seq: number) => void) {
    this.#chart = createChart(element, {
      autoSize: true,
      layout: { attributionLogo: false, fontSize: 11 },
      rightPriceScale: { scaleMargins: { top: 0.08, bottom: 0.08 } },
      timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 3, minBarSpacing: 0.05 },
      handleScale: { axisPressedMouseMove: false },
    });
    this.#chart.subscribeClick(({ hoveredObjectId }) => {
      const seq = Number(hoveredObjectId);
      if (Number.isSafeInteger(seq) && seq > 0) onFill(seq);
    });
    this.paint();
  }

  /** Takes the colours of the theme. */
  paint(): void {
    const [ink, line] = [colour('soft'), colour('line')];
    this.#chart.applyOptions({
      layout: { background: { color: 'transparent' }, textColor: ink },
      grid: { vertLines: { visible: false }, horzLines: { color: colour('faint') } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
      crosshair: {
        vertLine: { color: ink, labelBackgroundColor: line },
        horzLine: { color: ink, labelBackgroundColor: line },
      },
    });
    this.#style = null;
  }

  show({ series, untilUs, untilSeq, style, width, viewOnly }: PriceView): void {
    if (style !== this.#style) this.#begin(style);
    const all = series.candles;
    const times = all.map(([time]) => time);
    const count = placeOf(times, untilUs + 1);
    const seen = all.slice(0, count);
    const used = new Set<number>();
    const candles = seen.flatMap(([us, open, high, low, close]) => {
      const time = secondsOf(us);
      // A chart has one place for each second.
      if (used.has(time)) return [];
      used.add(time);
      return [{ time, open, high, low, close, value: close }];
    });
    this.#series!.setData(candles as never);
    const kept = seen.map(([time]) => time);
    this.#shading.show(shadesOf(series, kept, untilSeq), (shade) => {
      const tone = TONES[shade.state];
      return tone === undefined ? null : colour(`shade-${tone}`);
    });
    this.#markers!.setMarkers(markersOf(series.fills, kept, untilSeq));
    const tone = viewOnly ? colour('mind') : colour('own');
    this.#series!.applyOptions({
      priceLineColor: tone,
      lastValueVisible: true,
      priceLineVisible: true,
      priceLineStyle: LineStyle.Dotted,
      title: viewOnly ? 'VIEW ONLY' : '',
    });
    this.#fit(candles.length, width, series.symbol);
  }

  remove(): void {
    this.#chart.remove();
  }

  #begin(style: PriceView['style']): void {
    if (this.#series !== null) this.#chart.removeSeries(this.#series as ISeriesApi<'Area'>);
    const [gain, loss, own] = [colour('gain'), colour('loss'), colour('own')];
    const series =
      style === 'line'
        ? this.#chart.addSeries(AreaSeries, {
            lineColor: own,
            lineWidth: 1,
            topColor: colour('area'),
            bottomColor: 'transparent',
          })
        : this.#chart.addSeries(CandlestickSeries, {
            upColor: gain,
            downColor: loss,
            wickUpColor: gain,
            wickDownColor: loss,
            borderVisible: false,
          });
    series.attachPrimitive(this.#shading);
    this.#series = series;
    this.#markers = createSeriesMarkers(series as ISeriesApi<'Area'>, []);
    this.#style = style;
    this.#frame = '';
  }

  /** The view moves with the moment, and stays where a person has dragged it while time goes on. */
  #fit(count: number, width: number | null, symbol: string): void {
    const frame = `${symbol}/${width}/${count}`;
    if (frame === this.#frame || count === 0) return;
    this.#frame = frame;
    if (width === null || width >= count) this.#chart.timeScale().fitContent();
    else this.#chart.timeScale().setVisibleLogicalRange({ from: count - width, to: count + 2 });
  }
}

function shadesOf({ regimes }: SymbolSeries, times: readonly number[], untilSeq: number): Shade[] {
  return regimes
    .filter(({ seq }) => seq <= untilSeq)
    .map(({ region, state, fromUs, toUs }) => ({
      region,
      state,
      from: placeOf(times, fromUs),
      to: toUs === null ? times.length : placeOf(times, toUs),
    }))
    .filter(({ from, to }) => to > from);
}

/** So many fills are drawn smaller. */
const CROWD = 60;
const SHAPES = { buy: 'arrowUp', sell: 'arrowDown' } as const;

function markersOf(
  fills: readonly FillPoint[],
  times: readonly number[],
  untilSeq: number,
): SeriesMarker<Time>[] {
  if (times.length === 0) return [];
  const seen = fills.filter(({ seq }) => seq <= untilSeq);
  const crowd = seen.length > CROWD ? 0.6 : 1;
  return seen.map(({ seq, timeUs, side, symbol, underlying, role }) => {
    const at = Math.min(times.length - 1, placeOf(times, timeUs));
    const tone = role === 'hedge' ? 'hedges' : side === 'buy' ? 'gain' : 'loss';
    return {
      id: String(seq),
      time: secondsOf(times[at]),
      position: side === 'buy' ? ('belowBar' as const) : ('aboveBar' as const),
      shape: symbol === underlying ? SHAPES[side] : ('circle' as const),
      color: colour(tone),
      size: crowd * (symbol === underlying ? 1 : 0.6),
    };
  });
}
