/**
 * The page as files to serve. In a checkout it is bundled in memory when a server starts; a package brings it built, since
 * its users need neither the sources nor the time.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chartStyle } from '../projections/charts/chart-svg.ts';

export interface Asset {
  readonly contentType: string;
  readonly body: string;
}

/** By path. */
export type PageAssets = ReadonlyMap<string, Asset>;

/** Where a package keeps it, below `dist`. */
export const PAGE_FOLDER = join('assets', 'dashboard');

const PAGE_FILES = ['index.html', 'page.js', 'page.css', 'icon.svg'] as const;
type PageFile = (typeof PAGE_FILES)[number];

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

const SOURCES = fileURLToPath(new URL('page', import.meta.url));

let assets: Promise<PageAssets> | null = null;

/** The same for every server of this process. */
export function pageAssets(): Promise<PageAssets> {
  return (assets ??= filesOfPage().then(
    (files) =>
      new Map(
        PAGE_FILES.map((name) => [
          name === 'index.html' ? '/' : `/assets/${name}`,
          { contentType: CONTENT_TYPES[name.split('.')[1]], body: files[name] },
        ]),
      ),
  ));
}

async function filesOfPage(): Promise<Readonly<Record<PageFile, string>>> {
  if (existsSync(join(SOURCES, 'main.tsx'))) return bundlePage();
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const built = join(folder, PAGE_FOLDER);
    if (existsSync(join(built, 'page.js'))) {
      return Object.fromEntries(
        PAGE_FILES.map((name) => [name, readFileSync(join(built, name), 'utf8')]),
      ) as Record<PageFile, string>;
    }
    if (dirname(folder) === folder)
      throw new Error('the dashboard is missing from this installation: install quantos again');
  }
}

/** Needs the sources and esbuild: for checkouts, and for the build of the package. */
export async function bundlePage(): Promise<Readonly<Record<PageFile, string>>> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: { page: join(SOURCES, 'main.tsx') },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    outdir: '/',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'eof',
    logLevel: 'silent',
  });
  const built = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))!.text;
  const source = (name: string) => readFileSync(join(SOURCES, name), 'utf8');
  return {
    'index.html': source('index.html'),
    'page.js': built('.js'),
    'page.css': built('.css') + chartStyle,
    'icon.svg': source('icon.svg'),
  };
}
