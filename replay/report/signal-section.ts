/** The report's account of the Intel Bus: what was heard, and which decisions it took part in. */
import type { RunProjection } from '../../src/projections/run-projection.ts';
import { grouped, NOTHING } from '../format.ts';
import { type Html, html } from './html.ts';

/** Rows a person reads; the log has them all. */
const SHOWN = 200;

/** Null for a run that heard nothing. */
export function signalsTable({ journal: { signals } }: RunProjection): Html | null {
  if (signals.heard.size === 0) return null;
  const heard = [...signals.heard].sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = signals.effects.slice(-SHOWN);
  return html`<h2>What other systems said, and what it changed</h2>
<p class="note">Heard on the Intel Bus: ${heard.map(([key, count]) => `${key} ${grouped(count)} times`).join(', ')}. <code>quantos whatif LOG --signals off</code> runs the session without them.</p>
${
  rows.length === 0
    ? html`<p class="note">No decision would have been another without them.</p>`
    : html`<div class="wide tall" tabindex="0"><table class="dense"><thead><tr><th class="l">When</th><th class="l">Decision</th><th class="l">Symbol</th><th class="l">Signal</th><th class="l">What it did</th><th>seq</th></tr></thead><tbody>
${rows.map(
  ({ time, decision, symbol, signal, effect, seq }) =>
    html`<tr><td class="l">${new Date(time / 1_000).toISOString().slice(0, 19).replace('T', ' ')}</td><td class="l">${decision}</td><td class="l">${symbol || NOTHING}</td><td class="wrap">${signal}</td><td class="wrap">${effect}</td><td>${seq}</td></tr>`,
)}</tbody></table></div>${signals.total > rows.length && html`<p class="note">The last ${grouped(rows.length)} of ${grouped(signals.total)}; the log holds them all.</p>`}`
}`;
}
