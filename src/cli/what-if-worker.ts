/** A rerun's own thread: whoever waits for it goes on meanwhile. Begun by `what-if-thread`. */
import { parentPort, workerData } from 'node:worker_threads';
import { whatIf } from '../../replay/what-if.ts';
import type { WhatIfAsked } from '../dashboard/page-api.ts';
import { failureOf } from './failure.ts';
import { changedRun } from './options/run-changes.ts';

const { log, asked } = workerData as { readonly log: string; readonly asked: WhatIfAsked };

try {
  const result = await whatIf(log, {
    change: (manifest) => changedRun(asked, manifest),
    onProgress: (done, total) => parentPort!.postMessage({ done, total }),
  });
  parentPort!.postMessage({ result });
} catch (error) {
  parentPort!.postMessage({ failed: failureOf(error).sentence ?? 'the rerun failed' });
}
