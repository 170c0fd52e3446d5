/** Runs one program under every supported Node that is here, so that a test can compare what each prints. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'tsdown';

const SUPPORTED = ['20', '22', '24'];

/** Where `npm test` puts the Node versions that are not the running one. */
const provided = (major: string) =>
  fileURLToPath(
    new URL(
      `../../.cache/nodes/${major}/node_modules/node-${process.platform}-${process.arch}/bin/node`,
      import.meta.url,
    ),
  );

/** The programs of the supported Node versions that can be run here, by major version. */
export function nodesHere(): Readonly<Record<string, string>> {
  const nodes: Record<string, string> = {};
  for (const major of SUPPORTED) {
    const path = process.versions.node.startsWith(`${major}.`) ? process.execPath : provided(major);
    if (existsSync(path)) nodes[major] = path;
  }
  return nodes;
}

/**
 * Bundles the TypeScript module at `entry` with all it imports and runs it under each Node of `nodesHere`. Answers
 * what each printed, trimmed, by major version. Rejects where one fails, with what it wrote to stderr.
 */
export async function digestsByNode(entry: string): Promise<Record<string, string>> {
  const outDir = mkdtempSync(join(tmpdir(), 'quantos-matrix-'));
  try {
    await build({
      config: false,
      entry: { digest: entry },
      outDir,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      dts: false,
      clean: false,
      deps: { alwaysBundle: [/^[^.]/] },
      logLevel: 'error',
    });
    const digests: Record<string, string> = {};
    for (const [major, node] of Object.entries(nodesHere())) {
      const { stdout } = await promisify(execFile)(node, [join(outDir, 'digest.mjs')]);
      digests[major] = stdout.trim();
    }
    return digests;
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}
