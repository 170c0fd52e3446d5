/** Begins reruns in threads of their own, for the dashboard. */
import type { WhatIfResult } from '../../replay/what-if.ts';
import { startWorker } from '../../replay/worker-thread.ts';
import type { BeginRerun } from '../dashboard/what-if-desk.ts';
import { InputError } from '../domain/input-error.ts';

type Message =
  | { readonly done: number; readonly total: number }
  | { readonly result: WhatIfResult }
  | { readonly failed: string };

/** What the session was run with stays; `asked` is what is to be other. Rejects with one sentence. */
export const beginRerun: BeginRerun = (log, asked, onProgress) => {
  const worker = startWorker(
    { beside: import.meta.url, name: 'what-if-worker', builtIn: 'cli' },
    { log, asked },
  );
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
