/**
 * Reads the part of Mermaid's `stateDiagram-v2` that the engine writes, and nothing more: a line it does not know, a state
 * that is led to before it was declared, or declared twice, is an error.
 */

export interface ReadDiagram {
  readonly states: readonly string[];
  readonly arrows: readonly { readonly from: string; readonly to: string; readonly label: string }[];
}

const ID = '[A-Za-z][A-Za-z0-9_]*';
/** Neither may be in a label: Mermaid ends it there. */
const LABEL = '[^:;\\n]+';
/** Words of the grammar, which no state can be called. */
const RESERVED = /^(state|note|end|fork|join|choice|as|direction|class|classDef|style|default|scale|hide)$/i;

export function readMermaid(text: string): ReadDiagram {
  const [head, ...lines] = text.trimEnd().split('\n');
  if (head !== 'stateDiagram-v2') throw new Error(`begins with "${head}"`);
  const states: string[] = [];
  const arrows: { from: string; to: string; label: string }[] = [];
  const open: { id: string; regions: number; filled: boolean }[] = [];
  let noteOf: string | null = null;

  const declare = (id: string): void => {
    if (RESERVED.test(id)) throw new Error(`"${id}" is a word of Mermaid`);
    if (states.includes(id)) throw new Error(`"${id}" is declared twice`);
    states.push(id);
    const outer = open.at(-1);
    if (outer !== undefined) outer.filled = true;
  };
  const known = (id: string): string => {
    if (id !== '[*]' && !states.includes(id)) throw new Error(`"${id}" is not declared yet`);
    return id;
  };

  for (const line of lines) {
    const words = line.trim();
    const read = (pattern: string) => new RegExp(`^${pattern}$`).exec(words);
    let found: RegExpExecArray | null;
    if (noteOf !== null) {
      if (words === 'end note') noteOf = null;
      else if (!read(LABEL)) throw new Error(`a note says "${words}"`);
    } else if (words.startsWith('%% ') || words === 'direction LR') {
      // Neither draws anything.
    } else if ((found = read(`state "([^"]+)" as (${ID})( \\{)?`)) !== null) {
      declare(found[2]);
      if (found[3] !== undefined) open.push({ id: found[2], regions: 1, filled: false });
    } else if (words === '}') {
      const closed = open.pop();
      if (closed === undefined || !closed.filled) throw new Error('closes what holds nothing');
    } else if (words === '--') {
      const outer = open.at(-1);
      if (outer === undefined || !outer.filled) throw new Error('a region stands in no state, or is empty');
      outer.regions++;
      outer.filled = false;
    } else if ((found = read(`note right of (${ID})`)) !== null) noteOf = known(found[1]);
    else if ((found = read(`(${ID}|\\[\\*\\]) --> (${ID}|\\[\\*\\])(?: : (${LABEL}))?`)) !== null) {
      arrows.push({ from: known(found[1]), to: known(found[2]), label: found[3] ?? '' });
    } else if ((found = read(`(${ID}) : ${LABEL}`)) !== null) known(found[1]);
    else throw new Error(`Mermaid does not know "${line}"`);
  }
  if (open.length > 0 || noteOf !== null) throw new Error('something is left open');
  return { states, arrows };
}
