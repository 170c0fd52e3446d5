/** Lines over time on one canvas: equity above its drawdown, or two runs beside each other. */
import uPlot from 'uplot';
import { change, money, percent } from '../../../../replay/format.ts';
import { colour } from '../panels/theme.tsx';

export interface Line {
  readonly label: string;
  /** Name of a colour of the page. */
  readonly tone: string;
  readonly values: readonly (number | null)[];
  readonly dashed?: boolean;
}

export interface Curves {
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  /** Dollars unless told: a fall is drawn from zero downwards as an area, in per cent; a score lies within 0 and 100. */
  readonly unit?: 'dollars' | 'fall' | 'score';
  readonly height: number;
}

const axisFont = '11px ui-sans-serif, system-ui, sans-serif';

export class CurveChart {
  readonly #element: HTMLElement;
  readonly #resize: ResizeObserver;
  #plot: uPlot | null = null;
  #shape = '';

  constructor(element: HTMLElement) {
    this.#element = element;
    this.#resize = new ResizeObserver(() => {
      const width = this.#element.clientWidth;
      if (width > 0 && this.#plot !== null) this.#plot.setSize({ width, height: this.#plot.height });
    });
    this.#resize.observe(element);
  }

  show(curves: Curves, theme: string): void {
    const { times, lines, height, unit = 'dollars' } = curves;
    const data = [times, ...lines.map(({ values }) => values)] as uPlot.AlignedData;
    const shape = JSON.stringify([theme, height, lines.map(({ label, tone }) => [label, tone])]);
    if (this.#plot !== null && shape === this.#shape) {
      this.#plot.setData(data);
      return;
    }
    this.#plot?.destroy();
    this.#shape = shape;
    const ink = colour('soft');
    const axis = {
      stroke: ink,
      font: axisFont,
      grid: { stroke: colour('faint'), width: 1 },
      ticks: { show: false },
    };
    const isFall = unit === 'fall';
    const words = (value: number) =>
      isFall ? percent(value, 0) : unit === 'score' ? String(value) : money(value);
    this.#plot = new uPlot(
      {
        width: Math.max(100, this.#element.clientWidth),
        height,
        legend: { show: false },
        cursor: { points: { size: 5 }, y: false },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), 'Etc/UTC'),
        scales: { y: { range: (_, low, high) => rangeOf(low, high, unit) } },
        axes: [
          {
            ...axis,
            size: 24,
            space: 70,
            values: (plot, at) => at.map((seconds) => dateWords(seconds, apart(plot, at))),
          },
          { ...axis, size: unit === 'score' ? 30 : 62, space: 28, values: (_, at) => at.map(words) },
        ],
        series: [
          {},
          ...lines.map(({ label, tone, dashed }) => ({
            label,
            stroke: colour(tone),
            width: 1.25,
            dash: dashed ? [5, 4] : undefined,
            points: { show: false },
            fill: isFall ? colour('fall') : undefined,
            fillTo: 0,
          })),
        ],
      },
      data,
      this.#element,
    );
  }

  remove(): void {
    this.#resize.disconnect();
    this.#plot?.destroy();
  }
}

const DAY_S = 86_400;

/** Seconds between two words below a chart. */
const apart = ({ scales: { x } }: uPlot, at: readonly number[]): number =>
  at.length < 2 ? ((x.max ?? 0) - (x.min ?? 0)) / 2 : at[1] - at[0];

/** One line, and no more of it than neighbours differ in. */
function dateWords(seconds: number, apart: number): string {
  const iso = new Date(seconds * 1e3).toISOString();
  if (apart > 300 * DAY_S) return iso.slice(0, 4);
  if (apart > 27 * DAY_S) return iso.slice(0, 7);
  return apart >= DAY_S ? iso.slice(5, 10) : apart >= 60 ? iso.slice(11, 16) : iso.slice(11, 19);
}

function rangeOf(low: number, high: number, unit: Curves['unit']): [number, number] {
  if (unit === 'score') return [0, 100];
  if (unit === 'fall') return [Math.min(low ?? 0, -0.01), 0];
  if (low === null || high === null) return [0, 1];
  const room = Math.max((high - low) * 0.06, Math.abs(high) * 0.0005, 0.01);
  return [low - room, high + room];
}

/** What a screen reader hears instead. */
export const curveWords = (label: string, first: number, last: number, deepest: number): string =>
  `${label} from ${money(first)} to ${money(last)} (${change(first === 0 ? null : last / first - 1)}), deepest drawdown ${percent(deepest)}`;
