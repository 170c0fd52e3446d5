/** Regimes behind a price: the trend as a wash over the whole height, volatility and structure as two ribbons at the foot. */
import type {
  IChartApiBase,
  IPrimitivePaneRenderer,
  ISeriesPrimitive,
  Logical,
  SeriesAttachedParameter,
  Time,
} from 'lightweight-charts';

export interface Shade {
  readonly region: 'trend' | 'volatility' | 'structure';
  readonly state: string;
  /** Places among the candles; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
}

const RIBBON_PX = 4;
const RIBBONS: readonly Shade['region'][] = ['volatility', 'structure'];

export class RegimeShading implements ISeriesPrimitive<Time> {
  shades: readonly Shade[] = [];
  colourOf: (shade: Shade) => string | null = () => null;
  #chart: IChartApiBase<Time> | null = null;
  #update = () => {};

  attached({ chart, requestUpdate }: SeriesAttachedParameter<Time>): void {
    this.#chart = chart;
    this.#update = requestUpdate;
  }

  detached(): void {
    this.#chart = null;
  }

  show(shades: readonly Shade[], colourOf: (shade: Shade) => string | null): void {
    this.shades = shades;
    this.colourOf = colourOf;
    this.#update();
  }

  paneViews() {
    const renderer: IPrimitivePaneRenderer = {
      draw: (target) =>
        target.useBitmapCoordinateSpace(
          ({ context, bitmapSize, horizontalPixelRatio, verticalPixelRatio }) => {
            const scale = this.#chart?.timeScale();
            if (scale === undefined) return;
            const at = (place: number) => scale.logicalToCoordinate(place as Logical);
            const [first, second] = [at(0), at(1)];
            if (first === null || second === null) return;
            // Half a bar earlier, so that neighbours meet between their candles.
            const half = (second - first) / 2;
            for (const shade of this.shades) {
              const colour = this.colourOf(shade);
              const [from, to] = [at(shade.from), at(shade.to)];
              if (colour === null || from === null || to === null) continue;
              const left = Math.max(0, Math.round((from - half) * horizontalPixelRatio));
              const right = Math.min(bitmapSize.width, Math.round((to - half) * horizontalPixelRatio));
              if (right <= left) continue;
              context.fillStyle = colour;
              const ribbon = RIBBONS.indexOf(shade.region);
              if (ribbon < 0) context.fillRect(left, 0, right - left, bitmapSize.height);
              else {
                const height = Math.round(RIBBON_PX * verticalPixelRatio);
                context.fillRect(left, bitmapSize.height - height * (ribbon + 1), right - left, height);
              }
            }
          },
        ),
    };
    return [{ zOrder: () => 'bottom' as const, renderer: () => renderer }];
  }
}
