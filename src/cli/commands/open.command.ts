/** `quantos open`: the dashboard of a finished run or a recorded session, or the address of a running engine's page. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { readControlFiles } from '../../dashboard/control-file.ts';
import { pageAddress } from '../../dashboard/dashboard.ts';
import { InputError } from '../../domain/input-error.ts';
import { EnvironmentLacks } from '../failure.ts';
import { wholeFor, withCommon } from '../options/common-options.ts';
import { servePage } from '../serve-page.ts';
import { type CommonOptions, printJson, type Terminal } from '../terminal.ts';

interface OpenOptions extends CommonOptions {
  readonly port: number;
  readonly data: string;
}

export function addOpen(program: Command, terminal: Terminal): void {
  const command = program
    .command('open [log]')
    .description(
      "serves a finished run or a recorded session as a page; without one, prints a running engine's address",
    )
    .option(
      '--port <n>',
      'where it is served (any free port)',
      wholeFor('--port', 'a port from 0 to 65535'),
      0,
    )
    .option(
      '--data <folder>',
      "without a log: the running engine's data folder",
      process.env.QUANTOS_DATA ?? 'live',
    );
  withCommon(command, 'open out/demo.db', 'open out/demo.db --port 8420', 'open').action(
    async (log: string | undefined, options: OpenOptions) => {
      if (log === undefined) {
        const addresses = runningPages(options.data);
        if (options.json) printJson(terminal, { addresses });
        else terminal.out(addresses.join('\n'));
        return;
      }
      if (!existsSync(log)) throw new InputError(`${log} does not exist`);
      await servePage(log, options.port, options, terminal);
    },
  );
}

function runningPages(data: string): string[] {
  const engines = readControlFiles(data);
  if (engines.length === 0) {
    throw new EnvironmentLacks(
      `no engine runs with data folder ${data}; name a log to open, such as out/demo.db, or the folder with --data`,
    );
  }
  return engines.map(({ port, token }) => pageAddress(port, token));
}
