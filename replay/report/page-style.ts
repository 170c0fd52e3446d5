/** The report's looks: one quiet column, figures in tabular numerals, light and dark, screen, phone and paper. */
export const pageStyle = `
:root { color-scheme: light;
  --paper: #fcfbf8; --card: #ffffff; --ink: #1c1e21; --soft: #62666d; --line: #e4e2dc; --faint: #f3f1ec;
  --own: #1d5fae; --hold: #9b978d; --gain: #18794e; --loss: #b42f2a; --twin: #c77d1e; --calls: #1d5fae; --puts: #c2570c; --hedges: #7a4fb0;
  --atm: #a0408f; --hedged: rgba(122,79,176,.16); --crowded: rgba(194,87,12,.15);
  --bull: rgba(24,121,78,.13); --bear: rgba(180,47,42,.13); --range: rgba(120,116,105,.09); --hatch: rgba(180,47,42,.45);
  --down-fill: rgba(180,47,42,.16); --reach: rgba(28,30,33,.16); }
:root[data-theme=dark] { color-scheme: dark;
  --paper: #131518; --card: #1a1d21; --ink: #e7e6e2; --soft: #9a9ea6; --line: #2c3036; --faint: #202429;
  --own: #6aa9f4; --hold: #7d7b76; --gain: #55c08a; --loss: #ef7b72; --twin: #e0a458; --calls: #6aa9f4; --puts: #f2975a; --hedges: #b795ea;
  --atm: #dd8bcf; --hedged: rgba(183,149,234,.2); --crowded: rgba(242,151,90,.18);
  --bull: rgba(85,192,138,.15); --bear: rgba(239,123,114,.16); --range: rgba(160,160,150,.14); --hatch: rgba(239,123,114,.5);
  --down-fill: rgba(239,123,114,.2); --reach: rgba(231,230,226,.2); }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 28px 72px; }
header { display: grid; grid-template-columns: 1fr auto; gap: 0 24px; margin-bottom: 28px; }
.chains { grid-column: 1 / -1; justify-self: start; margin: 14px 0 0; font-size: 14px; border-left: 3px solid var(--puts); padding: 2px 0 2px 10px; }
.chains a { color: inherit; }
.eyebrow { color: var(--soft); font-size: 13px; margin: 0 0 6px; overflow-wrap: anywhere; text-wrap: balance; }
h1 { font-size: 32px; line-height: 1.15; font-weight: 620; letter-spacing: -.02em; margin: 0; overflow-wrap: anywhere; }
.lede { grid-column: 1 / -1; font-size: 18px; line-height: 1.5; max-width: 46em; margin: 16px 0 0; text-wrap: pretty; }
h2 { font-size: 17px; font-weight: 620; letter-spacing: -.005em; margin: 44px 0 4px; }
h3 { font-size: 13px; font-weight: 600; color: var(--soft); margin: 20px 0 4px; }
p.note { color: var(--soft); font-size: 13px; margin: 0 0 10px; max-width: 60em; }
button, select { font: inherit; font-size: 13px; color: var(--ink); background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; padding: 3px 10px; cursor: pointer; max-width: 100%; }
button:focus-visible, select:focus-visible { outline: 2px solid var(--own); outline-offset: 2px; }
.gain { color: var(--gain); } .loss { color: var(--loss); }
.columns { display: grid; grid-template-columns: 1.25fr 1fr; gap: 0 48px; }
.columns > * { min-width: 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { padding: 5px 10px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 500; color: var(--soft); font-size: 13px; vertical-align: bottom; }
th:first-child, td:first-child { padding-left: 0; } th:last-child, td:last-child { padding-right: 0; }
.l, tbody th { text-align: left; } tbody th { color: var(--ink); font-weight: 400; font-size: 14px; }
td.wrap { white-space: normal; text-align: left; min-width: 14em; overflow-wrap: anywhere; }
.lead th { white-space: normal; } .lead thead th { overflow-wrap: break-word; max-width: 14em; } .whole { white-space: nowrap; } .keys { min-width: 0; overflow-wrap: anywhere; }
.lead td:nth-child(2) { font-weight: 600; } .muted { color: var(--soft); }
tr.sub th { padding-left: 16px; color: var(--soft); } tr.sub td { color: var(--soft); } tr.sub td.gain { color: var(--gain); } tr.sub td.loss { color: var(--loss); }
tfoot th, tfoot td { border-bottom: 0; font-weight: 600; } tfoot th { text-align: left; color: var(--ink); }
tbody + tbody tr:first-child > * { padding-top: 14px; }
.wide { overflow-x: auto; -webkit-overflow-scrolling: touch; }
.dense th, .dense td { padding: 4px 7px; font-size: 13px; }
.tall { max-height: 30rem; overflow: auto; } .tall thead th { position: sticky; top: 0; background: var(--paper); }
.plot { position: relative; width: 100%; }
.bar { display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: center; justify-content: space-between; margin: 6px 0; }
.keys { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; color: var(--soft); }
.keys i { display: inline-block; width: 14px; height: 10px; border-radius: 2px; margin-right: 6px; vertical-align: -1px; }
.keys i.line { height: 0; border-top: 2px solid; vertical-align: 4px; border-radius: 0; }
.keys svg { width: 11px; height: 10px; margin-right: 5px; vertical-align: -1px; }
i.hatch { background: repeating-linear-gradient(135deg, var(--hatch) 0 1.5px, transparent 1.5px 5px); }
.readout { font-size: 13px; color: var(--soft); font-variant-numeric: tabular-nums; min-height: 20px; }
.heat td { text-align: center; padding: 4px 2px; border: 1px solid var(--paper); font-size: 13px; }
.heat th { text-align: center; padding: 4px 2px; border: 0; } .heat tbody th { text-align: left; padding-right: 10px; color: var(--soft); }
.heat td.u { background: color-mix(in srgb, var(--gain) calc(var(--h) * 1%), transparent); }
.heat td.d { background: color-mix(in srgb, var(--loss) calc(var(--h) * 1%), transparent); }
.heat td.year { font-weight: 600; padding-left: 10px; text-align: right; } .heat td.hold { text-align: right; color: var(--soft); padding-left: 10px; }
ul { margin: 6px 0 0; padding-left: 18px; } li { margin: 3px 0; overflow-wrap: anywhere; }
.warn li::marker { color: var(--loss); }
pre { background: var(--faint); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; margin: 6px 0; font: 13px/1.55 ui-monospace,
  SFMono-Regular, Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 20px; margin: 6px 0; font-size: 14px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 56px; border-top: 1px solid var(--line); padding-top: 14px; color: var(--soft); font-size: 12px; }
footer summary { cursor: pointer; }
.uplot { font-family: inherit !important; } .u-over { cursor: crosshair; }
.u-select { background: color-mix(in srgb, var(--own) 14%, transparent) !important; }
@media (max-width: 760px) {
  main { padding: 24px 16px 48px; } h1 { font-size: 26px; } .lede { font-size: 16px; } .columns { grid-template-columns: 1fr; }
  h2 { margin-top: 36px; } .heat { min-width: 640px; } th, td { padding: 5px 8px; } .lead td, .lead tbody th { font-size: 13px; padding-left: 4px; padding-right: 4px; } .lead tbody th { padding-left: 0; }
}
@media print {
  main { max-width: none; padding: 0; } button, select, .noprint { display: none; } .dense th, .dense td { padding: 4px 7px; font-size: 13px; }
.tall { max-height: none; overflow: visible; }
  h2, h3 { break-after: avoid; } .plot, tr { break-inside: avoid; } body { font-size: 12px; } .tall table, table { font-size: 11px; }
}
`;
