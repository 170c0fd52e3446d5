/** How well orders were worked: their fills against the quote their intents met when they were released. */
import { type HoldingKind, holdingKind, holdingKinds } from '../src/projections/profit-by-kind.ts';
import type { FillRecord } from '../src/projections/run-records.ts';
import { ratio } from './metrics.ts';

export interface ExecutionRow {
  /** Intents that traded at all and met a two-sided quote. */
  readonly intents: number;
  /** Dollars traded. */
  readonly value: number;
  /** Dollars given up against the midpoint at release; negative where fills were better. */
  readonly beyondMidpoint: number;
  /** The same as a share of the value. */
  readonly slippage: number | null;
  /** Dollars saved against taking the far touch at release. */
  readonly saved: number;
  /** 1 where all was filled at the own side's touch, 0.5 at the midpoint, 0 at the far touch; negative beyond it. */
  readonly spreadSaved: number | null;
  /** From release to an intent's last fill, the mean. */
  readonly secondsToFill: number | null;
}
export type ExecutionTable = Readonly<Partial<Record<HoldingKind, ExecutionRow>>>;

interface Tally {
  /** When each intent was filled last, less its release, microseconds. */
  readonly waits: Map<string, number>;
  value: number;
  beyondMidpoint: number;
  saved: number;
  spread: number;
}

export function executionTable(fills: readonly FillRecord[]): ExecutionTable {
  const tallies = new Map<HoldingKind, Tally>();
  for (const fill of fills) {
    const { released, quantity, px, multiplier, side, intent, ordinal } = fill;
    const { bidPx, askPx } = released ?? { bidPx: null, askPx: null };
    if (bidPx === null || askPx === null || bidPx <= 0 || askPx <= 0) continue;
    const kind = holdingKind(fill.role, fill.contract?.right);
    let tally = tallies.get(kind);
    if (tally === undefined) {
      tallies.set(kind, (tally = { waits: new Map(), value: 0, beyondMidpoint: 0, saved: 0, spread: 0 }));
    }
    const units = quantity * multiplier;
    const sign = side === 'buy' ? 1 : -1;
    tally.waits.set(intent === null ? `order ${ordinal}` : `${intent}`, fill.time - released!.time);
    tally.value += units * px;
    tally.beyondMidpoint += units * sign * (px - (bidPx + askPx) / 2);
    tally.saved += units * sign * ((side === 'buy' ? askPx : bidPx) - px);
    tally.spread += units * (askPx - bidPx);
  }
  const kinds = holdingKinds.filter((kind) => tallies.has(kind));
  return Object.fromEntries(kinds.map((kind) => [kind, rowOf(tallies.get(kind)!)]));
}

function rowOf({ waits, value, beyondMidpoint, saved, spread }: Tally): ExecutionRow {
  const waited = [...waits.values()].reduce((sum, each) => sum + each, 0);
  return {
    intents: waits.size,
    value,
    beyondMidpoint,
    slippage: ratio(beyondMidpoint, value),
    saved,
    spreadSaved: ratio(saved, spread),
    secondsToFill: ratio(waited / 1e6, waits.size),
  };
}
