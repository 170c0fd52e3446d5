/**
 * A statechart drawn by state-machine-cat, offline. Every state is one group with `data-state="its.path"`: a page that
 * adds the class `lit` to it shows the live state, with `chartStyle` in its own style sheet.
 */
import type { IRenderOptions } from 'state-machine-cat';
import { type Drawing, drawingOf } from './chart-drawing.ts';
import { chartOf } from './chart-model.ts';
import type { MachineName } from './machine-catalogue.ts';

/** Colours are the page's: `--chart-ink`, `--chart-box`, `--chart-lit` and `--chart-lit-ink` override what is inherited. */
export const chartStyle = `
.chart { color: var(--chart-ink, currentColor); font-family: Helvetica, Arial, sans-serif; }
.chart .state > path { fill: var(--chart-box, none); }
.chart .cluster > path { fill: none; stroke-opacity: .6; }
.chart .region > path { stroke-dasharray: 5 4; }
.chart .state.final > path { stroke-width: 4; }
.chart .any > path, .chart .group > path { stroke-dasharray: 2 3; }
.chart .arrow text { fill-opacity: .85; stroke: var(--chart-paper, transparent); stroke-width: 3; paint-order: stroke; }
.chart .state.lit > path { stroke: var(--chart-lit, #0a7d3c); stroke-width: 3; stroke-opacity: 1; }
.chart .node.state.lit > path { fill: var(--chart-lit, #0a7d3c); }
.chart .node.state.lit text { fill: var(--chart-lit-ink, #fff); }
.chart .arrow.lit path, .chart .arrow.lit polygon { stroke: var(--chart-lit, #0a7d3c); }
`;

/** For a file of its own: it follows the reader's light or dark setting. */
const FILE_STYLE = `
svg { color-scheme: light dark; background: #fff; --chart-paper: #fff; --chart-ink: #1b1f24; --chart-box: #f6f8fa; }
@media (prefers-color-scheme: dark) {
  svg { background: #14181d; --chart-paper: #14181d; --chart-ink: #dde3ea; --chart-box: #1f262e; --chart-lit: #2f9e5f; }
}`;

/** Drawn by the bundled engine: a native Graphviz, where there is one, would draw other pictures. */
const OPTIONS: IRenderOptions = {
  inputType: 'json',
  outputType: 'oldsvg',
  direction: 'left-right',
  dotGraphAttrs: [
    { name: 'ranksep', value: '0.35' },
    { name: 'nodesep', value: '0.25' },
    // In the middle, arrows would cross a box's title.
    { name: 'labeljust', value: 'r' },
  ],
};

const drawn = new Map<MachineName, Promise<string>>();

/** To be put into a page: without a style sheet, script or id of its own. */
export function chartSvg(name: MachineName): Promise<string> {
  const known = drawn.get(name);
  if (known !== undefined) return known;
  const drawing = drawingOf(chartOf(name));
  const svg = import('state-machine-cat')
    .then(({ render }) => render(drawing.machine, OPTIONS))
    .then((text) => pageSvg(name, drawing, text));
  drawn.set(name, svg);
  return svg;
}

/** To be kept as a file: it brings its style along. */
export async function chartSvgFile(name: MachineName): Promise<string> {
  const svg = await chartSvg(name);
  return `${svg.replace(/<svg [^>]*>/, (tag) => `${tag}\n<style>${chartStyle}${FILE_STYLE}\n</style>`)}\n`;
}

const unescaped = (text: string): string =>
  text.replaceAll('&#45;', '-').replaceAll('&gt;', '>').replaceAll('&lt;', '<').replaceAll('&amp;', '&');

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function pageSvg(name: MachineName, { arrows }: Drawing, text: string): string {
  const { description } = chartOf(name);
  const [, width, height] = /width="(\d+)pt" height="(\d+)pt"/.exec(text)!;
  const groups = text
    .slice(text.indexOf('<g '))
    .replace(/<!--[\s\S]*?-->\n/g, '')
    .replace(/<g id="graph0"([^>]*)>\n<title>[^<]*<\/title>\n<polygon[^>]*\/>/, '<g$1>')
    .replace(
      /<g id="[^"]*" class="([^"]*)">\n<title>([^<]*)<\/title>/g,
      (_, classes: string, title: string) => groupTag(classes, unescaped(title), arrows),
    )
    // The box is drawn after its words, and would cover them once it is filled.
    .replace(/(<g class="node [^>]*>\n)([\s\S]*?)(<path [^>]*\/>\n)/g, '$1$3$2')
    .replace(/<polygon fill="#ffffff" fill-opacity="[^"]*" stroke="none"[^>]*\/>\n/g, '')
    .replaceAll('"black"', '"currentColor"')
    .replace(/<text xml:space="preserve"/g, '<text fill="currentColor"')
    .replace(/ font-family="[^"]*"/g, '')
    .replace(/(?: |&#160;)+<\/text>/g, '</text>')
    .replace(ARROW_TEXT, apart());
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-label="${escaped(description)}"` +
    ` width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"` +
    ` font-family="Helvetica, Arial, sans-serif">\n${groups}`.trimEnd()
  );
}

/** A line of an arrow's words: Graphviz writes them smaller than those of states. */
const ARROW_TEXT = / x="([\d.-]+)" y="([\d.-]+)" font-size="10.00">([^<]+)</g;
const LINE_HEIGHT = 12;
const LETTER_WIDTH = 6.5;

/** Between a box and the state beside it there is room for one arrow, and words of two would stand on each other. */
function apart(): (text: string, x: string, y: string, words: string) => string {
  const placed: { readonly left: number; readonly right: number; readonly y: number }[] = [];
  return (text, x, y, words) => {
    const left = Number(x);
    const right = left + words.length * LETTER_WIDTH;
    let at = Number(y);
    while (placed.some((other) => Math.abs(other.y - at) < 8 && left < other.right && other.left < right))
      at += LINE_HEIGHT;
    placed.push({ left, right, y: at });
    return text.replace(`y="${y}"`, `y="${at}"`);
  };
}

function groupTag(classes: string, title: string, arrows: Drawing['arrows']): string {
  if (classes.startsWith('edge')) {
    const arrow = arrows.get(title);
    if (arrow === undefined) return '<g class="arrow">';
    const { from, to, triggers } = arrow;
    return `<g class="arrow" data-from="${escaped(from)}" data-to="${escaped(to)}" data-on="${escaped(triggers.join(' '))}">`;
  }
  const path = title.replace(/^cluster_/, '');
  if (path.includes('/')) return `<g class="${classes}">`;
  return `<g class="${classes}" data-state="${escaped(path)}">`;
}
