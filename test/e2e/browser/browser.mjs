// Chromium for the end-to-end tests: one window of a given width that writes down
// whatever a person would call broken.
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

// The page's own packages hold Playwright and axe; there is no second copy.
const require = createRequire(new URL('../../../tenant-app/web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const { default: AxeBuilder } = require('@axe-core/playwright');

const program = process.env.CHROMIUM ?? '/usr/bin/chromium';
const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

// Below this width the page is a phone's.
const phone = 600;

// Seconds that the page may take for one thing on a busy machine.
export const limit = 30_000;

// open starts a browser with a profile of its own. Its `defects` grow while it is
// used; close() removes all that it left on the disk.
export async function open({ width, dir, name }) {
  const profile = await mkdtemp(path.join(tmpdir(), 'atrium-e2e-'));
  const mobile = width < phone;
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: program, headless: true, args: flags, locale: 'zh-CN', timezoneId: 'Asia/Shanghai',
    viewport: { width, height: mobile ? 844 : 900 }, isMobile: mobile, hasTouch: mobile, deviceScaleFactor: mobile ? 2 : 1,
  });
  context.setDefaultTimeout(limit);
  const page = context.pages()[0] ?? (await context.newPage());
  const defects = [];
  const note = (what) => defects.push(what.replace(/([?&]token=)[\w-]+/g, '$1…'));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => console.error(`CSP: ${e.violatedDirective} refused ${e.blockedURI} ${e.sample}`));
  });
  page.on('console', (m) => m.type() === 'error' && note(`console at ${where(page)}: ${m.text()} ${m.location().url ?? ''}`));
  page.on('pageerror', (e) => note(`script at ${where(page)}: ${e.message}`));
  page.on('response', (r) => r.status() >= 500 && note(`${r.status()} from ${where(r)}`));

  let shots = 0;
  return {
    page, context, mobile, defects,
    // look takes a picture and notes serious faults of accessibility and layout.
    async look(what) {
      shots += 1;
      await page.screenshot({ path: path.join(dir, `${name}-${width}-${shots}-${what}.png`) });
      const { violations } = await new AxeBuilder({ page }).analyze();
      for (const v of violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')) {
        note(`axe on ${what}: ${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
      }
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (sideways > 0) note(`${what} scrolls ${sideways} px sideways at ${width}`);
    },
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

// where is an address without its query: that may hold a one-time token.
function where(thing) {
  return thing.url().split('?')[0];
}
