/** What panels share: a titled region, a reason where one is empty, chips, tables with figures to the right. */
import type { ComponentChildren } from 'preact';
import { go } from './store.ts';
import type { Mood } from './words.ts';

interface PanelProps {
  readonly id: string;
  readonly title: string;
  /** Beside the title: a figure, a chip, a switch. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

export const Panel = ({ id, title, aside, children }: PanelProps) => (
  <section class={`panel panel-${id}`} id={id} aria-labelledby={`${id}-title`}>
    <header>
      <h2 id={`${id}-title`}>{title}</h2>
      {aside === undefined ? null : <div class="aside">{aside}</div>}
    </header>
    <div class="body">{children}</div>
  </section>
);

/** Why there is nothing to see. */
export const Empty = ({ children }: { readonly children: ComponentChildren }) => (
  <p class="empty">{children}</p>
);

export const Chip = ({
  mood = 'calm',
  title,
  children,
}: {
  readonly mood?: Mood;
  readonly title?: string;
  readonly children: ComponentChildren;
}) => (
  <span class={`chip ${mood}`} title={title}>
    {children}
  </span>
);

interface MeterProps {
  readonly label: string;
  /** 0..1; what lies beyond is drawn as full. */
  readonly share: number;
  readonly text?: string;
  readonly kind?: string;
}

export const Meter = ({ label, share, text, kind }: MeterProps) => {
  const full = Math.min(1, Math.max(0, share)) * 100;
  return (
    // biome-ignore lint/a11y/useSemanticElements: browsers draw a meter each in their own way, and colour it by rules of theirs
    <span
      class="meter"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(full)}
      aria-valuetext={text}
    >
      <i class={kind} style={{ width: `${full}%` }} />
    </span>
  );
};

/** Opens an event's causes. */
export const Why = ({ seq, children }: { readonly seq: number; readonly children?: ComponentChildren }) => (
  <button type="button" class="why" onClick={() => go({ event: seq })} title={`causes of event ${seq}`}>
    {children ?? 'why'}
  </button>
);

export interface Column<R> {
  readonly head: string;
  /** In a tooltip: what a figure is in. */
  readonly unit?: string;
  readonly text?: boolean;
  readonly cell: (row: R) => ComponentChildren;
  readonly tone?: (row: R) => string;
}

interface TableProps<R> {
  readonly caption: string;
  readonly columns: readonly Column<R>[];
  readonly rows: readonly R[];
  readonly keyOf: (row: R) => string | number;
}

/** The first column names its row. */
export function Table<R>({ caption, columns, rows, keyOf }: TableProps<R>) {
  return (
    <div class="wide">
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ head, unit, text }) => (
              <th key={head} scope="col" class={text ? 'text' : undefined} title={unit}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ head, text, cell, tone }, at) =>
                at === 0 ? (
                  <th key={head} scope="row">
                    {cell(row)}
                  </th>
                ) : (
                  <td key={head} class={`${text ? 'text' : ''} ${tone?.(row) ?? ''}`}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
