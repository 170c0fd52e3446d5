/** The page of a running engine, as a person uses it: a paper engine in a process of its own, looked at in a real browser. */
import type { Page } from 'playwright-core';
import { afterEach, expect, test } from 'vitest';
import type { EngineMoment } from '../../replay/moment.ts';
import { dayToMicros } from '../../src/domain/exchange-calendar.ts';
import type { AlpacaSimulator } from '../../src/simulators/alpaca/alpaca-simulator.ts';
import { answerOf, chartOf, yahooServer } from '../adapters/yahoo/yahoo-server.ts';
import { newFolder, openVenue, type Started, startPaper, type Venue } from '../cli/engine-process.ts';
import { hasBrowser, PATIENCE_MS, useBrowser } from './browser.ts';

const open = useBrowser();
let venues: Venue[] = [];
let engines: Started['engine'][] = [];
afterEach(async () => {
  for (const engine of engines) await engine.end('SIGKILL');
  for (const venue of venues) await venue.close();
  [venues, engines] = [[], []];
});

/** Long before its day ends: a page is open by then. */
const BEFORE_MIDNIGHT = dayToMicros('2026-11-23') - 60_000_000;

async function venue(options: Parameters<typeof openVenue>[0] = {}): Promise<Venue> {
  const opened = await openVenue({ at: BEFORE_MIDNIGHT, ...options });
  venues.push(opened);
  return opened;
}

/** A paper engine and the address of its page, as its terminal shows it. */
async function start(url: string, port = '0', data = newFolder(), env: Record<string, string> = {}) {
  const { engine } = startPaper(url, ['--port', port], env, data);
  engines.push(engine);
  const address = (await engine.line(/http:\S+#token=\S+/)).trim();
  return { engine, address, data, port: new URL(address).port };
}

const shown = (page: Page, text: RegExp | string) =>
  page.getByText(text).first().waitFor({ timeout: PATIENCE_MS });

/** Somebody offers at the price of every order that stands. */
async function sellTo({ market }: AlpacaSimulator, port: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/moment`);
  const { walks } = (await answer.json()) as EngineMoment;
  for (const { symbol, limitPx } of walks) {
    if (limitPx !== null)
      market.post(symbol, { askPx: limitPx, askSize: 100, bidPx: limitPx * 0.999, bidSize: 100 });
  }
}

test.skipIf(!hasBrowser)(
  'an order walks, fills, tells its causes, and is not there yet a moment before; the halt leaves none',
  async () => {
    // A wide, slow market in which nobody trades inside the spread: an order stands until somebody comes to it.
    const { url, simulator } = await venue({
      limits: { insideChance: 0 },
      market: { halfSpread: 0.0009, quotesPerSecond: 1 },
    });
    const { engine, address, port } = await start(url);
    const { page, trouble } = await open(address);
    expect(page.url()).not.toContain('token');
    await page.locator('.walk .scale').first().waitFor();
    const scale = await page.locator('.walk .scale').first().getAttribute('aria-label');
    expect(scale).toMatch(/^limit .* between bid .* and ask .*, midpoint .*, goes to /);
    const held = page.locator('.panel-positions tbody tr').first();
    await expect
      .poll(
        async () => {
          await sellTo(simulator, port);
          return held.isVisible();
        },
        { timeout: PATIENCE_MS, interval: 100 },
      )
      .toBe(true);

    // From the fill to its causes: the order it belongs to stands between, and what opened its market at their top.
    await page.locator('.done li', { hasText: 'buy' }).first().locator('.why').click();
    const causes = page.locator('#causes');
    await causes.locator('.chain .node.focus', { hasText: 'OrderFilled' }).waitFor();
    await causes.locator('.chain .node', { hasText: 'OrderIntended' }).first().click();
    await causes.locator('.payload h3', { hasText: 'OrderIntended' }).waitFor();
    expect(await causes.locator('.payload dt', { hasText: /^ordinal$/ }).count()).toBe(1);

    // Back to when the order was only decided: the whole page stands there, and nothing is held.
    await causes.locator('.chain .node.root').click();
    await causes.getByRole('button', { name: 'show the page at this moment' }).click();
    await shown(page, 'LOOKING BACK');
    await page.locator('.panel-positions .empty').waitFor();
    const { hash } = new URL(page.url());
    expect(hash).toMatch(/seq=\d+.*event=\d+/);
    await page.keyboard.press('Escape');
    await causes.waitFor({ state: 'detached' });
    await page.reload();
    await shown(page, 'LOOKING BACK');
    expect(new URL(page.url()).hash).toBe(hash.replace(/&event=\d+/, ''));
    await page.getByRole('button', { name: 'back to live' }).click();
    await page.locator('.panel-positions tbody tr').first().waitFor();

    // The kill switch: not by one press.
    await page.getByRole('button', { name: 'Halt', exact: true }).click();
    const sure = page.getByRole('button', { name: 'Halt the engine' });
    expect(await sure.isDisabled()).toBe(true);
    await page.getByLabel('Type HALT to confirm').fill('halt');
    await sure.click();
    await page.locator('.status .chip.bad', { hasText: 'halted' }).waitFor();
    await shown(page, '0 working');
    await engine.line(/OperatorCommanded.*halt/);
    expect(trouble).toEqual([]);
  },
  240_000,
);

test.skipIf(!hasBrowser)(
  'while its feed is away the page shows what may only be looked at as VIEW ONLY',
  async () => {
    const yahoo = await yahooServer(({ symbol }) =>
      answerOf(chartOf(symbol, 1_234.5, '2026-11-22T23:59:10Z')),
    );
    const { url, simulator } = await venue();
    const { engine, address } = await start(url, '0', newFolder(), { QUANTOS_VIEW_URL: yahoo.url });
    const { page, trouble } = await open(address);
    await engine.line(/engine trading/);
    await page.locator('.status .chip.good', { hasText: 'crypto live' }).waitFor();
    expect(await page.getByText('VIEW ONLY').count()).toBe(0);
    simulator.inject({ kind: 'freeze', stream: 'crypto', forMs: 120_000 });
    await page.locator('.banner.view-only').waitFor();
    await page.locator('.status .chip.bad', { hasText: /^VIEW ONLY$/ }).waitFor();
    await page.locator('.panel-price .quote.view-only', { hasText: '1,234.50' }).waitFor();
    expect(trouble).toEqual([]);
  },
  240_000,
);

test.skipIf(!hasBrowser)(
  'an engine that is started again is there again by itself; its commands want the address of this start',
  async () => {
    const { url } = await venue();
    const first = await start(url);
    const { page } = await open(first.address);
    await page.getByRole('button', { name: 'Halt', exact: true }).waitFor();
    await first.engine.line(/engine trading/);
    await first.engine.end('SIGKILL');
    await shown(page, 'connection lost, coming back');
    const second = await start(url, first.port, first.data);
    await page.getByText('connection lost').waitFor({ state: 'detached' });
    await page.locator('.read-only').waitFor();
    await page.locator('.read-only summary').click();
    await shown(page, /was started anew/);
    await second.engine.line(/engine trading/);
    // Pasted into the same tab: nothing is loaded anew.
    await page.evaluate(`location.hash = ${JSON.stringify(new URL(second.address).hash)}`);
    await page.getByRole('button', { name: 'Reduce only', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Reduce only' }).click();
    await page.locator('.status .chip.mind', { hasText: 'reducing' }).waitFor();
    await second.engine.line(/OperatorCommanded.*reduceOnly/);
    await page.getByRole('button', { name: 'Reset', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Let it trade again' }).click();
    await page.locator('.status .chip.good', { hasText: /^trading$/ }).waitFor();
  },
  240_000,
);
