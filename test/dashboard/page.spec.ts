/** The page of a log that is over, in a real browser: what it shows, what it refuses to be, and how it is used. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { backtest } from '../../replay/backtest.ts';
import type { EngineMoment } from '../../replay/moment.ts';
import { loadStrategy } from '../../replay/strategy-loader.ts';
import { beginRerun } from '../../src/cli/what-if-thread.ts';
import {
  createDashboard,
  type Dashboard,
  pageAddress,
  serveDashboard,
} from '../../src/dashboard/dashboard.ts';
import type { LocalServer } from '../../src/dashboard/local-server.ts';
import { datasetOf } from '../../src/testing/dataset-of.ts';
import { runSpec } from '../engine/engine-run.ts';
import { tradingDays, wanderingDays } from '../engine/markets.ts';
import { hasBrowser, PATIENCE_MS, useBrowser } from './browser.ts';

const TOKEN = 'token-of-this-start';
const HOSTILE = `<img src=x onerror="document.title='owned'">`;
const open = useBrowser();
const folder = mkdtempSync(join(tmpdir(), 'quantos-page-'));
const log = join(folder, 'run.db');
let dashboard: Dashboard;
let server: LocalServer;
let address = '';

/** Two years of two symbols, one of which is named by somebody who means ill. */
beforeAll(async () => {
  const days = tradingDays('2013-12-31', 500);
  const dataset = datasetOf({
    AAA: { bars: wanderingDays(4, days) },
    [HOSTILE]: { bars: wanderingDays(5, days) },
  });
  const { strategy, spec } = await loadStrategy('sma-cross', { fast: 5, slow: 20 });
  backtest({
    datasets: [{ ...dataset, notes: [], rejected: 0, close: () => {} }],
    run: { ...runSpec({ instruments: 'equity', hedge: false }), strategy: spec },
    strategy,
    out: log,
    to: null,
    session: HOSTILE,
    modelled: [HOSTILE],
  });
  dashboard = await createDashboard({ health: () => null, live: false, token: TOKEN, beginRerun });
  server = await serveDashboard(0, dashboard);
  dashboard.session.follow(log);
  address = pageAddress(server.port, TOKEN);
});
afterAll(async () => {
  await server.close();
  await dashboard.close();
  rmSync(folder, { recursive: true });
});

describe.skipIf(!hasBrowser)('in a browser', () => {
  test('every panel says something, on a desk and on a phone, in both themes, and nothing is wider than the screen', async () => {
    for (const [width, colorScheme] of [
      [1280, 'dark'],
      [390, 'light'],
    ] as const) {
      const { page, trouble } = await open(address, { width, height: 844, colorScheme });
      await page.locator('body[data-quiet=true] .desk').waitFor();
      const panels = page.locator('.desk > .panel');
      expect(await panels.count()).toBe(10);
      for (const panel of await panels.all()) {
        const title = await panel.locator('h2').textContent();
        const drawn = panel.locator('.body [role=img]');
        // What is drawn on a canvas is said in words, too.
        const words = (await drawn.count()) > 0 ? await drawn.first().getAttribute('aria-label') : null;
        const text = words ?? (await panel.locator('.body').textContent());
        expect([title, (text ?? '').trim().length > 10]).toEqual([title, true]);
      }
      const wide = await page.evaluate(
        `[...document.querySelectorAll('body *')].filter((each) => !each.closest('.wide, .chart') && each.getBoundingClientRect().right > ${width} + 1).map((each) => each.className || each.tagName)`,
      );
      expect(wide).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await page.evaluate('document.documentElement.dataset.theme')).toBe(colorScheme);
      expect(await page.locator('.price-chart canvas').count()).toBeGreaterThan(0);
      expect(trouble).toEqual([]);
    }
  });

  test('a symbol named like a script is text, wherever it stands', async () => {
    const { page, trouble } = await open(address);
    await page.locator('body[data-quiet=true] .desk').waitFor();
    await page.getByLabel('symbol', { exact: true }).selectOption(HOSTILE);
    await page.locator('#price-title', { hasText: HOSTILE }).waitFor();
    await page.getByRole('button', { name: 'Events', exact: true }).click();
    await page.getByLabel('words in the event').fill('onerror');
    await page.locator('.tail .line', { hasText: HOSTILE }).first().click();
    await page.locator('#causes', { hasText: HOSTILE }).waitFor();
    await page.getByRole('button', { name: 'What if' }).click();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).toBe('QuantOS');
    expect(trouble).toEqual([]);
  });

  test('time moves by slider, by arrows and by date, quickly, and the whole page with it', async () => {
    const { page } = await open(address);
    const at = page.locator('.time .at');
    await at.waitFor();
    const slider = page.getByLabel('moment of the session');
    const last = Number(await slider.getAttribute('max'));
    const seen = async () =>
      Number(((await at.locator('small').textContent()) ?? '').split('/')[0].replaceAll(/\D/g, ''));
    expect(await seen()).toBe(last);
    await slider.fill(String(Math.round(last / 2)));
    await page.getByText('LOOKING BACK').waitFor();
    await expect.poll(seen).toBeLessThan(last * 0.55);
    const middle = await seen();
    await page.locator('#main').focus();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(seen).toBeLessThan(middle);
    await page.keyboard.press('ArrowRight');
    await expect.poll(seen).toBe(middle);
    await page.keyboard.press('Shift+ArrowRight');
    await expect.poll(seen).toBeGreaterThan(middle + 5);
    await page.getByLabel('go to a time, UTC').fill('2014-06-02T22:00:00');
    await page.getByRole('button', { name: 'go', exact: true }).click();
    await expect.poll(() => at.textContent()).toContain('2014-06-02 20:00:00');
    expect(await page.locator('.status time').textContent()).toBe('2014-06-02 20:00:00');
    const { hash } = new URL(page.url());
    await page.reload();
    await expect.poll(() => at.textContent(), { timeout: PATIENCE_MS }).toContain('2014-06-02 20:00:00');
    expect(new URL(page.url()).hash).toBe(hash);
    await page.getByRole('button', { name: 'to the end' }).click();
    await expect.poll(seen).toBe(last);
  });

  test('a fill on the chart leads to its causes, an event to its payload, and the back button out again', async () => {
    const { page } = await open(address);
    await page.locator('.fills summary').click();
    await page.locator('.fills .why').first().click();
    const causes = page.locator('#causes');
    expect(await causes.locator('.node.focus b').textContent()).toMatch(/^OrderFilled/);
    await causes.locator('.node.root').click();
    await causes.locator('.payload h3', { hasText: /bar|Market|openPrint/ }).waitFor();
    await page.goBack();
    await causes.waitFor({ state: 'detached' });
  });

  test('what if: two curves, where they part, and the differences side by side', async () => {
    const { page, trouble } = await open(address);
    await page.getByRole('button', { name: 'What if' }).click();
    await page.getByLabel('parameters and numbers').fill('fast=8');
    await page.getByRole('button', { name: 'Run it again' }).click();
    await page.locator('#compared canvas').waitFor();
    expect(await page.locator('#compared [role=img]').getAttribute('aria-label')).toMatch(
      /^equity of both runs: unchanged ends at .*, fast=8 at /,
    );
    expect(await page.locator('#first-difference .side').count()).toBeGreaterThanOrEqual(2);
    expect(await page.locator('#differences summary').count()).toBeGreaterThan(0);
    await page.locator('#first-difference .why').or(page.locator('#differences .why')).first().click();
    await page.locator('#causes').waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('parameters and numbers').fill('nonsense=8');
    await page.getByRole('button', { name: 'Run it again' }).click();
    await page.locator('.trouble[role=alert]', { hasText: 'nonsense' }).waitFor();
    expect(trouble.filter((each) => !each.includes('400'))).toEqual([]);
  });

  test('statecharts show where each actor stands', async () => {
    const { page, trouble } = await open(`${address}&view=machines`);
    await page.locator('.drawing svg .lit').first().waitFor();
    const lit = await page.evaluate(
      `[...document.querySelectorAll('.drawing svg .lit')].map((each) => each.getAttribute('data-state'))`,
    );
    expect(lit).toContain('trend');
    for (const name of ['hedging protocol', 'order status', 'trading state']) {
      await page.getByRole('button', { name }).click();
      await page.locator('#machine-title', { hasText: name }).waitFor();
      await page.locator('.drawing svg [data-state]').first().waitFor();
    }
    expect(trouble).toEqual([]);
  });

  test('without the token it may look and not act, and says how that is changed', async () => {
    const { page } = await open(new URL(address).origin);
    await page.getByRole('button', { name: 'What if' }).click();
    await page.getByText('#token=').waitFor();
    expect(await page.getByRole('button', { name: 'Run it again' }).count()).toBe(0);
  });

  test('it draws sixty updates a second without falling behind, and keeps none of them', async () => {
    const { page } = await open(address);
    await page.locator('body[data-quiet=true] .desk').waitFor();
    const moment = (await (await get('/api/moment')).json()) as EngineMoment;
    const heap = async () => {
      await page.evaluate('globalThis.gc?.()');
      return page.evaluate<number>('performance.memory.usedJSHeapSize');
    };
    const session = await page.context().newCDPSession(page);
    const collect = () => session.send('HeapProfiler.collectGarbage');
    await collect();
    const before = await heap();
    let seq = moment.seq;
    const timer = setInterval(() => {
      seq += 1;
      const head = { ...moment.head, seq };
      const money = { ...moment.money, equity: moment.money.equity + (seq % 100) };
      const { boot, name: log } = dashboard.session;
      dashboard.session.news.set(
        JSON.stringify({ boot, log, health: null, trouble: null, moment: { ...moment, seq, head, money } }),
      );
    }, 16);
    const frames = await page.evaluate<number>(`new Promise((resolve) => {
      let frames = 0;
      const until = performance.now() + 5_000;
      const draw = () => (frames += 1, performance.now() < until ? requestAnimationFrame(draw) : resolve(frames));
      requestAnimationFrame(draw);
    })`);
    clearInterval(timer);
    await expect
      .poll(() => page.locator('.time .at small').textContent())
      .toContain(seq.toLocaleString('en'));
    await collect();
    expect(await heap()).toBeLessThan(before + 6e6);
    // A machine that others use, too, gives no page all of its frames.
    expect(frames).toBeGreaterThan(60);
  });
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { headers });

describe('without a browser', () => {
  afterEach(() => expect(dashboard.session.path).toBe(log));

  test('the page may load, run and style nothing that is not its own', async () => {
    const answer = await get('/');
    const policy = answer.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/unsafe|http|data:|\*/);
    const html = await answer.text();
    expect(html).not.toMatch(/<script(?![^>]* src=)|style=|\son[a-z]+=|https?:/);
    expect((await get('/assets/page.js')).headers.get('content-type')).toContain('javascript');
  });

  test.each([
    ['/api/moment?seq=0', /seq 1 to/],
    ['/api/moment?seq=99999999', /seq 1 to/],
    ['/api/moment?seq=1e3', /whole number/],
    ['/api/moment?seq=1&other=2', /no other/],
    ['/api/event?seq=', /whole number/],
    ['/api/series?symbol=NOPE', /NOPE/],
    ['/api/series', /symbol is missing/],
    ['/api/events?limit=100000', /limit|500/],
    ['/api/machine?name=../../etc/passwd', /there is no machine/],
  ])('%s is refused in a sentence', async (path, sentence) => {
    const answer = await get(path);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { error: string }).error).toMatch(sentence);
  });

  test('what acts wants the token, by POST, as JSON, in few words', async () => {
    const post = (body: string, headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${server.port}/api/what-if`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-quantos-token': TOKEN, ...headers },
        body,
      });
    expect((await post('{"hedge":"on"}', { 'x-quantos-token': 'another' })).status).toBe(401);
    expect((await post('{"hedge":"on"}', { 'x-quantos-token': '' })).status).toBe(401);
    expect((await post('{"hedge":"on"}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post('{"hedge":"on"}', { origin: 'https://evil.example' })).status).toBe(403);
    expect((await post(`{"strategy":"${'x'.repeat(5_000)}"}`)).status).toBe(413);
    for (const wrong of ['{}', '[]', 'hedge', '{"log":"/etc/passwd"}', '{"set":["novalue"]}']) {
      expect([wrong, (await post(wrong)).status]).toEqual([wrong, 400]);
    }
    expect((await get('/control')).status).toBe(404);
  });

  test('a page of another site can neither ask nor be given anything', async () => {
    for (const path of ['/', '/assets/page.js', '/api/moment', '/api/live']) {
      expect([path, (await get(path, { origin: 'https://evil.example' })).status]).toEqual([path, 403]);
      expect([path, (await get(path)).headers.get('cross-origin-resource-policy')]).toEqual([
        path,
        'same-origin',
      ]);
    }
    expect((await get('/api/moment', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await get('/', { 'sec-fetch-site': 'cross-site' })).status).toBe(200);
  });

  test('a page that does not read is not waited for, and gets the newest when it does', async () => {
    const { news, boot } = dashboard.session;
    const answer = await get('/api/live');
    const reader = answer.body!.getReader();
    await reader.read();
    const filler = 'x'.repeat(200_000);
    const began = performance.now();
    // 100 MB, to nobody: what is not read is not kept.
    for (let i = 1; i <= 500; i++) {
      news.set(JSON.stringify({ boot, i, filler }));
      if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(performance.now() - began).toBeLessThan(10_000);
    let text = '';
    const decoder = new TextDecoder();
    while (!text.includes('"i":500,')) text += decoder.decode((await reader.read()).value, { stream: true });
    // What was on its way when it stopped reading, and the newest.
    expect(text.match(/"i":\d+/g)!.length).toBeLessThan(60);
    await reader.cancel();
  }, 30_000);

  async function openAll(): Promise<Response[]> {
    const opened = await Promise.all(Array.from({ length: 16 }, () => get('/api/live')));
    const served = opened.filter(({ status }) => status === 200);
    if (served.length < opened.length) for (const { body } of served) await body!.cancel();
    return served;
  }

  test('more pages than it serves at a time are told so, and one that leaves makes room', async () => {
    let readers: Response[] = [];
    // Who left a moment ago is noticed a moment later.
    await expect.poll(async () => (readers = await openAll()).length, { timeout: 10_000 }).toBe(16);
    expect((await get('/api/live')).status).toBe(503);
    await readers[0].body!.cancel();
    await expect
      .poll(async () => {
        const answer = await get('/api/live');
        await answer.body!.cancel();
        return answer.status;
      })
      .toBe(200);
    for (const { body } of readers.slice(1)) await body!.cancel();
  });
});
