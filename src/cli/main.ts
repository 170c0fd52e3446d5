#!/usr/bin/env node
/** The `quantos` program: the command line on this process's own arguments and streams. */
import { runCli } from './run-cli.ts';

// A reader that has seen enough (`| head`) closes the pipe: that is no error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
}

const program = import.meta.url.endsWith('.ts')
  ? 'npm run --silent quantos --'
  : process.env.npm_command === 'exec'
    ? 'npx quantos'
    : 'quantos';

process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  watched: process.stderr.isTTY === true,
  program,
  exitCode: 0,
});
