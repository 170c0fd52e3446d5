/** `quantos why`: the causal chain of an event, back to the input it began with. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { type CausalLink, type Link, why } from '../../../replay/why.ts';
import { wholeFor, withCommon } from '../options/common-options.ts';
import { type CommonOptions, printJson, type Terminal } from '../terminal.ts';

export function addWhy(program: Command, terminal: Terminal): void {
  const command = program
    .command('why')
    .argument('<log>')
    .argument('<seq>', 'the event', wholeFor('the seq', 'the number of an event, from 1', 1))
    .description('shows what caused an event, back to the market, with the standing decisions it read');
  withCommon(command, 'why out/demo.db 1234').action((log: string, seq: number, options: CommonOptions) => {
    const chain = why(log, seq);
    if (options.json) printJson(terminal, chain);
    else terminal.out(tree(chain));
  });
}

/** Each link stands below and further in than its cause; what it read beside stands under it, once. */
function tree(chain: readonly CausalLink[]): string {
  const shown = new Set<number>();
  return chain
    .flatMap((link, depth) => {
      const indent = '  '.repeat(depth);
      const read = link.basis.filter(({ seq }) => !shown.has(seq));
      for (const { seq } of [link, ...read]) shown.add(seq);
      return [
        `${indent}${depth === 0 ? '' : '└ '}${line(link)}`,
        ...read.map((each) => pc.dim(`${indent}    · knowing ${line(each)}`)),
      ];
    })
    .join('\n');
}

const line = ({ seq, type, time, summary }: Link): string =>
  `${pc.bold(type)} ${summary} ${pc.dim(`[${seq}, ${time.replace('T', ' ').replace('.000Z', 'Z')}]`)}`;
