// Makes the README's picture: the demo's own report, opened in a real browser. Run `npm start` first.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = new URL('..', import.meta.url);
const report = new URL('out/demo.html', root);
const executablePath = process.env.QUANTOS_CHROMIUM ?? '/usr/bin/chromium';

if (!existsSync(report) || !existsSync(executablePath)) {
  console.error(
    'the picture needs out/demo.html (npm start) and Chromium (apt-get install chromium, or set QUANTOS_CHROMIUM)',
  );
  process.exit(3);
}

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
const page = await browser.newPage({ viewport: { width: 1180, height: 1150 }, colorScheme: 'light' });
await page.goto(report.href);
await page.evaluate(() => {
  const heading = [...document.querySelectorAll('h2')].find((each) => each.textContent?.startsWith('Equity'));
  heading?.scrollIntoView();
});
await page.waitForTimeout(300);
await page.screenshot({ path: fileURLToPath(new URL('docs/images/demo-report.png', root)) });
await browser.close();
