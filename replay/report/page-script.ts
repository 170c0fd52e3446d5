/**
 * The report's script, as text: charts on one time axis, drawn by uPlot from the data in the page. The page's
 * policy lets exactly this script and uPlot run, by their digests.
 */
export const pageScript = `'use strict';
(() => {
  const data = JSON.parse(document.getElementById('run').textContent);
  const root = document.documentElement;
  const $ = (id) => document.getElementById(id);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let printing = false, log = false, shown = 0, plots = [];
  const theme = () => { root.dataset.theme = dark.matches && !printing ? 'dark' : 'light'; };
  const css = (name) => getComputedStyle(root).getPropertyValue('--' + name).trim();
  const font = '12px ' + getComputedStyle(document.body).fontFamily;

  const utc = (s) => uPlot.tzDate(new Date(s * 1e3), 'Etc/UTC');
  const stamp = (s) => { const iso = new Date(s * 1e3).toISOString(); return data.daily ? iso.slice(0, 10) : iso.slice(0, 16).replace('T', ' ') + ' UTC'; };
  const group = (n, digits) => n.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const dollars = (n) => (n < 0 ? '−$' : '$') + group(Math.abs(n), 0);
  const short = (n) => { const a = Math.abs(n), t = (x, u) => (n < 0 ? '−$' : '$') + String(+x.toFixed(2)) + u;
    return a >= 1e9 ? t(a / 1e9, 'bn') : a >= 1e6 ? t(a / 1e6, 'm') : a >= 1e4 ? t(a / 1e3, 'k') : t(a, ''); };
  const percent = (f) => (f * 100).toFixed(1).replace('-', '−') + ' %';
  const price = (n) => group(n, Math.abs(n) < 10 ? 4 : 2);

  const axis = (over) => ({ stroke: css('soft'), font, grid: { stroke: css('line'), width: 1 }, ticks: { show: false }, ...over });
  const base = (id, height, over) => ({
    width: $(id).clientWidth, height, tzDate: utc, legend: { show: false }, padding: [10, 18, 0, 0],
    cursor: { y: false, sync: { key: 'run' }, points: { size: 6 }, drag: { x: true, y: false } },
    ...over,
    axes: [axis({ space: 70, size: (u, labels) => (labels && labels.some((l) => String(l).includes('\\n')) ? 44 : 30) }), axis({ size: 64, ...over.axis })],
  });
  const draw = (id, height, options, columns) => {
    const host = $(id);
    host.replaceChildren();
    const plot = new uPlot(base(id, height, options), columns, host);
    plots.push([plot, host, height]);
    return plot;
  };
  const readout = (id, say) => ({ setCursor: [(u) => { const i = u.cursor.idx; $(id).textContent = i == null ? '' : say(i); }] });

  function curves() {
    const c = data.curve, hold = c.hold.some((v) => v !== null), twin = c.twin.length > 0;
    const other = [];
    if (hold) other.push({ stroke: css('hold'), width: 1.25, points: { show: false } });
    if (twin) other.push({ stroke: css('twin'), width: 1.25, points: { show: false } });
    const beside = (i, held, other, show) => (twin && other[i] !== null ? ' · ' + data.twinName + ' ' + show(other[i]) : '') + (hold && held[i] !== null ? ' · hold ' + show(held[i]) : '');
    const columns = (held, other) => [...(hold ? [held] : []), ...(twin ? [other] : [])];
    const spans = { drawClear: [(u) => tint(u, c.hedged, 'hedged')] };
    draw('equity', 320, {
      scales: { y: { distr: log ? 3 : 1 } }, axis: { values: (u, v) => v.map((n) => (n == null ? null : short(n))) },
      series: [{}, ...other, { stroke: css('own'), width: 1.75, points: { show: false } }],
      hooks: { ...spans, ...readout('equity-at', (i) => stamp(c.t[i]) + ' · ' + dollars(c.equity[i]) + beside(i, c.hold, c.twin, dollars)) },
    }, [c.t, ...columns(c.hold, c.twin), c.equity]);
    draw('drawdown', 170, {
      scales: { y: { range: (u, min) => [Math.min(min * 1.05, -0.01), 0] } }, axis: { values: (u, v) => v.map((n) => Math.round(n * 1000) / 10 + ' %').map((t) => t.replace('-', '−')) },
      series: [{}, ...other, { stroke: css('loss'), fill: css('down-fill'), fillTo: 0, width: 1.25, points: { show: false } }],
      hooks: { ...spans, ...readout('drawdown-at', (i) => stamp(c.t[i]) + ' · ' + percent(c.drawdown[i]) + beside(i, c.holdDrawdown, c.twinDrawdown, percent)) },
    }, [c.t, ...columns(c.holdDrawdown, c.twinDrawdown), c.drawdown]);
  }

  function tint(u, spans, colour) {
    const { ctx } = u, { left, top, width, height } = u.bbox;
    const x = (s) => Math.min(left + width, Math.max(left, u.valToPos(s, 'x', true)));
    ctx.save();
    ctx.fillStyle = css(colour);
    for (const [from, to] of spans) {
      const a = x(from), b = x(to);
      if (b > a || (to === from && a > left && a < left + width)) ctx.fillRect(a, top, Math.max(b - a, 1), height);
    }
    ctx.restore();
  }
  function hatch(ctx) {
    const tile = document.createElement('canvas'), d = devicePixelRatio || 1, size = Math.round(7 * d);
    tile.width = tile.height = size;
    const t = tile.getContext('2d');
    t.strokeStyle = css('hatch'); t.lineWidth = d;
    t.beginPath();
    for (const o of [-size, 0, size]) { t.moveTo(o, size); t.lineTo(o + size, 0); }
    t.stroke();
    return ctx.createPattern(tile, 'repeat');
  }
  function shade(u, p) {
    const { ctx } = u, { left, top, width, height } = u.bbox, pattern = hatch(ctx);
    const x = (s) => Math.min(left + width, Math.max(left, u.valToPos(s, 'x', true)));
    ctx.save();
    for (const [from, to, trend, broken] of p.regimes) {
      const a = x(from), b = x(to);
      if (b <= a) continue;
      const fill = css(trend);
      if (fill !== '' && ['bull', 'bear', 'range'].includes(trend)) { ctx.fillStyle = fill; ctx.fillRect(a, top, b - a, height); }
      if (broken) { ctx.fillStyle = pattern; ctx.fillRect(a, top, b - a, height); }
    }
    ctx.restore();
  }
  function mark(u, p) {
    const { ctx } = u, d = devicePixelRatio || 1, r = 4.5 * d, { left, top, width, height } = u.bbox;
    ctx.save();
    ctx.beginPath(); ctx.rect(left, top, width, height); ctx.clip();
    ctx.lineWidth = d;
    for (const [at, px, side, kind] of p.fills) {
      const x = u.valToPos(at, 'x', true), y = u.valToPos(px, 'y', true) + side * (kind === 'shares' ? 7 : 11) * d;
      if (x < left - r || x > left + width + r) continue;
      ctx.beginPath();
      if (kind === 'calls') ctx.arc(x, y, r * 0.85, 0, 2 * Math.PI);
      else if (kind === 'puts') { ctx.moveTo(x, y - r); ctx.lineTo(x + r, y); ctx.lineTo(x, y + r); ctx.lineTo(x - r, y); ctx.closePath(); }
      else if (kind === 'hedges') ctx.rect(x - r * 0.8, y - r * 0.8, r * 1.6, r * 1.6);
      else { ctx.moveTo(x, y - side * r); ctx.lineTo(x - r, y + side * r); ctx.lineTo(x + r, y + side * r); ctx.closePath(); }
      const share = kind === 'shares' || kind === 'core', colour = css(share ? (side > 0 ? 'gain' : 'loss') : kind), hollow = !share && side < 0;
      ctx.fillStyle = hollow ? css('paper') : colour; ctx.strokeStyle = hollow ? colour : css('paper'); ctx.lineWidth = hollow ? 1.5 * d : d;
      ctx.fill(); ctx.stroke();
    }
    ctx.restore();
  }
  function prices() {
    const p = data.prices[shown];
    if (!p) return;
    const hidden = { stroke: null, points: { show: false } };
    draw('price', 360, {
      axis: { values: (u, v) => v.map((n) => group(n, Math.max(...v.map(Math.abs)) < 20 ? 2 : 0)) },
      series: [{}, hidden, hidden, { stroke: css('ink'), width: 1.25, points: { show: false } }],
      bands: [{ series: [1, 2], fill: css('reach') }],
      hooks: { drawClear: [(u) => shade(u, p)], draw: [(u) => mark(u, p)],
        ...readout('price-at', (i) => stamp(p.t[i]) + ' · close ' + price(p.close[i]) + ' · low ' + price(p.low[i]) + ' · high ' + price(p.high[i]) + regimeAt(p, p.t[i])) },
    }, [p.t, p.high, p.low, p.close]);
    const note = $('price-note');
    if (note) note.textContent = p.fillCount > p.fills.length ? group(p.fillCount, 0) + ' fills are too many to mark here.' : '';
  }
  function volatility() {
    const section = $('volatility-section');
    if (section === null) return;
    const v = data.prices[shown] && data.prices[shown].volatility;
    section.style.display = v ? '' : 'none';
    if (!v) return;
    const per = (f) => (f === null ? '–' : percent(f)), line = (colour, width) => ({ stroke: css(colour), width, points: { show: false } });
    const spans = { drawClear: [(u) => tint(u, v.crowded, 'crowded')] };
    const tick = (u, all) => all.map((n) => Math.round(n * 100) + ' %');
    draw('volatility', 190, {
      scales: { y: { range: (u, min, max) => [0, Math.max(max * 1.05, 0.1)] } }, axis: { values: tick },
      series: [{}, line('hold', 1), line('atm', 1.5)],
      hooks: { ...spans, ...readout('volatility-at', (i) => stamp(v.t[i]) + ' · at the money ' + per(v.atm[i]) + ' · realised ' + per(v.realized[i]) + ' · rank ' + per(v.rank[i])) },
    }, [v.t, v.realized, v.atm]);
    draw('rank', 100, { scales: { y: { range: [0, 1] } }, axis: { values: tick, splits: [0, 0.5, 1] }, series: [{}, line('atm', 1)], hooks: spans }, [v.t, v.rank]);
  }
  const regimeAt = (p, s) => { const r = p.regimes.findLast((each) => each[0] <= s); return r && r[2] ? ' · ' + r[2] + (r[3] ? ', structure broken' : '') : ''; };

  function all() {
    for (const [plot] of plots) plot.destroy();
    plots = [];
    theme();
    if (data.curve.t.length > 1) curves();
    prices();
    volatility();
  }
  let width = innerWidth;
  addEventListener('resize', () => { if (innerWidth !== width) { width = innerWidth; for (const [plot, host, height] of plots) plot.setSize({ width: host.clientWidth, height }); } });
  addEventListener('beforeprint', () => { printing = true; all(); });
  addEventListener('afterprint', () => { printing = false; all(); });
  dark.addEventListener('change', all);
  $('log')?.addEventListener('click', (e) => { log = !log; e.target.textContent = log ? 'linear scale' : 'log scale'; all(); });
  $('symbol')?.addEventListener('change', (e) => { shown = e.target.selectedIndex; all(); });
  all();
})();
`;
