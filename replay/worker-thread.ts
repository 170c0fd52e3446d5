/** Starts a module of ours in a thread of its own, from a checkout's TypeScript or from the built package alike. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

interface WorkerModule {
  /** `import.meta.url` of the file beside which its source lies. */
  readonly beside: string;
  /** Without its ending. */
  readonly name: string;
  /** The folder of `dist` that holds it in the package, which bundles files elsewhere. */
  readonly builtIn: 'replay' | 'cli';
}

/** Throws an Error where the package lacks the module. */
export function startWorker({ beside, name, builtIn }: WorkerModule, workerData: unknown): Worker {
  const here = dirname(fileURLToPath(beside));
  const source = join(here, `${name}.ts`);
  if (existsSync(source)) {
    // Node 20 asks no loader for a thread's first module: it is loaded by a line of JavaScript.
    const loader = join(dirname(createRequire(import.meta.url).resolve('tsx/esm/api')), 'index.mjs');
    const [api, module] = [loader, source].map((file) => JSON.stringify(pathToFileURL(file).href));
    const code = `import(${api}).then(({ register }) => { register(); return import(${module}); });`;
    return new Worker(code, { eval: true, workerData, execArgv: ['--conditions=quantos-source'] });
  }
  for (let folder = here; ; folder = dirname(folder)) {
    const built = join(folder, builtIn, `${name}.js`);
    if (existsSync(built)) return new Worker(built, { workerData });
    if (dirname(folder) === folder) throw new Error(`${name}.js is missing: install quantos again`);
  }
}
