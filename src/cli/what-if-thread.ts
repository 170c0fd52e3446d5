/** Begins reruns in threads of their own, for the dashboard. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { WhatIfResult } from '../../replay/what-if.ts';
import type { WhatIfAsked } from '../dashboard/page-api.ts';
import type { BeginRerun } from '../dashboard/what-if-desk.ts';
import { InputError } from '../domain/input-error.ts';

type Message =
  | { readonly done: number; readonly total: number }
  | { readonly result: WhatIfResult }
  | { readonly failed: string };

/** What the session was run with stays; `asked` is what is to be other. Rejects with one sentence. */
export const beginRerun: BeginRerun = (log, asked, onProgress) => {
  const worker = startWorker({ log, asked });
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

const WORKER = 'what-if-worker';

/** TypeScript beside this file in a checkout; in the package, which bundles files elsewhere, at its own place. */
function startWorker(workerData: { readonly log: string; readonly asked: WhatIfAsked }): Worker {
  const here = dirname(fileURLToPath(import.meta.url));
  const source = join(here, `${WORKER}.ts`);
  if (existsSync(source)) {
    // Node 20 asks no loader for a thread's first module: it is loaded by a line of JavaScript.
    const loader = join(dirname(createRequire(import.meta.url).resolve('tsx/esm/api')), 'index.mjs');
    const [api, module] = [loader, source].map((file) => JSON.stringify(pathToFileURL(file).href));
    const code = `import(${api}).then(({ register }) => { register(); return import(${module}); });`;
    return new Worker(code, { eval: true, workerData, execArgv: ['--conditions=quantos-source'] });
  }
  for (let folder = here; ; folder = dirname(folder)) {
    const built = join(folder, 'cli', `${WORKER}.js`);
    if (existsSync(built)) return new Worker(built, { workerData });
    if (dirname(folder) === folder) throw new Error(`${WORKER}.js is missing: install quantos again`);
  }
}
