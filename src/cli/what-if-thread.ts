/** Begins reruns in threads of their own, for the dashboard. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { WhatIfResult } from '../../replay/what-if.ts';
import type { BeginRerun } from '../dashboard/what-if-desk.ts';
import { InputError } from '../domain/input-error.ts';

type Message =
  | { readonly done: number; readonly total: number }
  | { readonly result: WhatIfResult }
  | { readonly failed: string };

/** A checkout runs its sources; a package has them built, this module in a chunk somewhere beside or above its worker. */
const PLACES = [
  './what-if-worker.ts',
  './what-if-worker.js',
  './cli/what-if-worker.js',
  '../cli/what-if-worker.js',
];

function workerFile(): URL {
  const file = PLACES.map((place) => new URL(place, import.meta.url)).find((url) =>
    existsSync(fileURLToPath(url)),
  );
  if (file === undefined) throw new Error('the part that reruns sessions is missing: install quantos again');
  return file;
}

/** Sources need what turns them into JavaScript, whoever started this process. */
const execArgvOf = (file: URL): string[] | undefined =>
  file.pathname.endsWith('.ts')
    ? ['--conditions=quantos-source', '--import', import.meta.resolve('tsx')]
    : undefined;

/** What the session was run with stays; `asked` is what is to be other. Rejects with one sentence. */
export const beginRerun: BeginRerun = (log, asked, onProgress) => {
  const file = workerFile();
  const worker = new Worker(file, { workerData: { log, asked }, execArgv: execArgvOf(file) });
  const result = new Promise<WhatIfResult>((resolve, reject) => {
    worker.on('message', (message: Message) => {
      if ('result' in message) resolve(message.result);
      else if ('failed' in message) reject(new InputError(message.failed));
      else onProgress(message.done, message.total);
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new InputError('the rerun was stopped')));
  });
  return { result, stop: () => void worker.terminate() };
};
