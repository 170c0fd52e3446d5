/** What each kind of holding has earned, day by day: what came in less what went out, and what is held at its mark. */
import { notionalMicros } from '../domain/money.ts';
import type { MarkOf, Position, PositionRole } from '../domain/portfolio.ts';

/** What is held, as a person tells it apart. */
export const holdingKinds = ['core', 'shares', 'calls', 'puts', 'hedges'] as const;
export type HoldingKind = (typeof holdingKinds)[number];

export const holdingKind = (role: PositionRole, right: 'call' | 'put' | undefined): HoldingKind =>
  role === 'hedge' ? 'hedges' : role === 'core' ? 'core' : right === undefined ? 'shares' : `${right}s`;

type ByKind = Record<HoldingKind, number>;
const nothing = (): ByKind => ({ core: 0, shares: 0, calls: 0, puts: 0, hedges: 0 });

export class ProfitByKind {
  /** Since the run began, micro-dollars after fees; one row for each trading day, as in the equity curve. */
  readonly rows: ByKind[] = [];
  #lastDay = Number.NaN;
  /** Sales less purchases less fees. */
  #flows = nothing();

  flow(kind: HoldingKind, micros: number): void {
    this.#flows[kind] += micros;
  }

  /** Flows are told again from the start: one of them was taken back. */
  forget(): void {
    this.#flows = nothing();
  }

  /** The row of a day, or that row again. */
  state(
    day: number,
    positions: readonly Position[],
    markOf: MarkOf,
    kindOf: (position: Position) => HoldingKind,
  ): void {
    const row = { ...this.#flows };
    for (const position of positions) {
      const { symbol, quantity, multiplier, costMicros } = position;
      const mark = markOf(symbol);
      row[kindOf(position)] += mark === undefined ? costMicros : notionalMicros(quantity, mark, multiplier);
    }
    if (day === this.#lastDay) this.rows.pop();
    this.#lastDay = day;
    this.rows.push(row);
  }
}
