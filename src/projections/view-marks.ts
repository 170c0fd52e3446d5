/** The latest prices of a view-only source and how it fares, for faces: `state`, health, the dashboard. */
import type { ViewPx } from '../domain/view-px.ts';
import type { PayloadOf } from '../events/define-event.ts';
import type { Recorded } from '../events/envelope.ts';
import { ViewQuoted, ViewSourceChanged } from '../events/feed.events.ts';

type SourceStatus = PayloadOf<typeof ViewSourceChanged>;

export interface ViewMark {
  readonly symbol: string;
  readonly px: number;
  readonly previousClosePx: number | null;
  /** Milliseconds from the source's own time to the moment asked for. */
  readonly ageMs: number;
  /** Said with every price, so that no page shows it as a tradable one. */
  readonly viewOnly: true;
}

/** The number in a view-only price. The core cannot import this folder. */
export const shownPx = (px: ViewPx): number => px as unknown as number;

export interface SavedViews {
  readonly source: SourceStatus | null;
  readonly latest: readonly ViewQuoted[];
}

export class ViewMarks {
  /** Null where no view-only source was ever asked. */
  source: SourceStatus | null = null;
  readonly #latest = new Map<string, ViewQuoted>();

  event({ type, payload }: Recorded): void {
    if (type === ViewQuoted.type) {
      const quoted = payload as ViewQuoted;
      this.#latest.set(quoted.symbol, quoted);
    } else if (type === ViewSourceChanged.type) {
      this.source = payload as SourceStatus;
      // The primary feed is back: what stood in for it says nothing any more.
      if (this.source.status === 'idle') this.#latest.clear();
    }
  }

  save(): SavedViews {
    return { source: this.source, latest: [...this.#latest.values()] };
  }

  restore({ source, latest }: SavedViews): void {
    this.source = source;
    for (const quoted of latest) this.#latest.set(quoted.symbol, quoted);
  }

  /** As of a moment, microseconds, by symbol. */
  at(now: number): ViewMark[] {
    return [...this.#latest.values()]
      .map(({ symbol, viewPx, asOf, previousClosePx }) => ({
        symbol,
        px: shownPx(viewPx),
        previousClosePx: previousClosePx === null ? null : shownPx(previousClosePx),
        ageMs: Math.max(0, Math.round((now - asOf) / 1_000)),
        viewOnly: true as const,
      }))
      .sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  }
}
