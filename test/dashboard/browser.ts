/** A real Chromium for the page's tests. Whatever a page complains of, or asks of another server, is kept. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';

const CHROMIUM = process.env.QUANTOS_CHROMIUM ?? '/usr/bin/chromium';
export const hasBrowser = !process.env.QUANTOS_SKIP_BROWSER && existsSync(CHROMIUM);

/** A busy machine takes its time. */
export const PATIENCE_MS = 45_000;

export interface Opened {
  readonly page: Page;
  /** Errors of scripts, refusals of the policy, requests that left the page's own server. */
  readonly trouble: string[];
}

export interface Looks {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'dark' | 'light';
}

/** Opens pages in one browser for all tests of a file; each is closed after its test. */
export function useBrowser(): (address: string, looks?: Looks) => Promise<Opened> {
  let browser: Browser | null = null;
  let opened: Page[] = [];
  beforeAll(async () => {
    if (hasBrowser)
      browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterEach(async () => {
    for (const page of opened) await page.context().close();
    opened = [];
  });
  afterAll(() => browser?.close());
  return async (address, { width = 1280, height = 900, colorScheme = 'dark' } = {}) => {
    const context = await browser!.newContext({ viewport: { width, height }, colorScheme });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    opened.push(page);
    const trouble: string[] = [];
    const { origin } = new URL(address);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) trouble.push(message.text());
    });
    page.on('pageerror', ({ message }) => trouble.push(message));
    page.on('request', (request) => {
      if (!request.url().startsWith(origin)) trouble.push(`asks ${request.url()}`);
    });
    await page.goto(address);
    return { page, trouble };
  };
}
