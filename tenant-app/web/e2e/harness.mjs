// A browser that notices: console errors, exceptions, CSP reports, failed requests, axe findings, sideways scrolling.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { follow, settled, wrongs, wrongsInDark } from './sound.mjs';

export const url = process.env.E2E_URL;
// test/e2e uses this harness too, with pictures in a folder of its own. `npm run e2e` takes them with --pictures: most
// of its time would go there, and nobody looks at them after every run.
const out = process.env.E2E_OUT ?? new URL('./out/', import.meta.url).pathname;
export const pictures = 'E2E_OUT' in process.env || process.argv.includes('--pictures');
mkdirSync(out, { recursive: true });

export const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const waitMs = 30_000;

// The browser talks to nobody but the app.
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A microphone that hums, and is given to who asks.
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

export const faults = [];

export function fault(where, what) {
  // An address may hold a one-time link.
  const safe = `${where}: ${what.replace(/([?&]token=)[\w-]+/g, '$1…')}`;
  faults.push(safe);
  console.log(`  ✗ ${safe}`);
}

/** A step that could not go on: what it saw is kept beside the screenshots. */
export async function broken(browser, step, error) {
  fault(step, error.message);
  for (const [i, context] of browser.contexts().entries()) {
    for (const page of context.pages()) await page.screenshot({ path: `${out}failed-${step}-${i + 1}.png` });
    await context.close();
  }
}

export async function launch() {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });
}

/**
 * A window of its own. Expected are messages of the console that the test provokes. With keeps, the service worker is
 * there, which reads the whole page in every new window: only for those that lose the network, or are pushed to.
 */
export async function open(
  browser,
  name,
  { size = 'desktop', scheme = 'light', state, expected = [], keeps = false } = {},
) {
  const context = await browser.newContext({
    viewport: sizes[size],
    colorScheme: scheme,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    deviceScaleFactor: size === 'phone' ? 2 : 1,
    hasTouch: size === 'phone',
    isMobile: size === 'phone',
    reducedMotion: 'reduce',
    serviceWorkers: keeps ? 'allow' : 'block',
    storageState: state,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  context.setDefaultTimeout(waitMs);
  return watch(await context.newPage(), name, expected);
}

/** A browser on a phone whose profile outlives it. */
export async function launchKept(profile, state) {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    args: flags,
    viewport: sizes.phone,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    deviceScaleFactor: 2,
    hasTouch: true,
    isMobile: true,
  });
  context.setDefaultTimeout(waitMs);
  if (state) await context.addCookies(state.cookies);
  return context;
}

/** Ends the browser of a profile as a phone that needs its memory does: nothing in it learns of it. */
export async function kill(context, profile) {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const args = argumentsOf(pid);
    const main = args.includes(`--user-data-dir=${profile}`) && !args.some((a) => a.startsWith('--type='));
    if (main) process.kill(Number(pid), 'SIGKILL');
  }
  await context.close().catch(() => undefined);
}

function argumentsOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // it has ended meanwhile
  }
}

// A network of containers came or went on this machine; the page asks again.
const machine = /net::ERR_NETWORK_CHANGED/;

/** Notes whatever goes wrong on a page. */
export async function watch(page, name, expected = []) {
  follow(page);
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(
        `CSP ${event.violatedDirective} blocked ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
      );
    });
  });
  const told = (text) => machine.test(text) || expected.some((pattern) => pattern.test(text));
  page.on('console', (message) => {
    if (message.type() === 'error' && !told(message.text()))
      fault(name, `console: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => fault(name, `exception: ${error.message}`));
  page.on('response', (response) => {
    if (response.status() >= 500) fault(name, `${response.status()} ${response.url()}`);
  });
  return page;
}

/** Whoever signs in for the first time agrees to the texts, and leaves out the introduction. */
export async function agree(page) {
  await page.waitForURL(/\/auth\/consent|\/chat/);
  if (page.url().includes('/chat')) return; // was here before
  await page.getByRole('button', { name: '同意并进入' }).click();
  await page.getByRole('button', { name: '跳过' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

/** Waits until the service worker has kept the page's files: from then on the page opens without network. */
export const worker = (page) =>
  eventually('the service worker is there', () =>
    page.evaluate(
      async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated',
    ),
  );

/** What Chromium and the page say where the network was cut. */
export const offlineNoise = [/ERR_INTERNET_DISCONNECTED|Failed to load resource|WebSocket/];

/** Does something at both sizes. */
export async function everywhere(does) {
  for (const size of Object.keys(sizes)) await does(size);
}

/** Looks whether a page is sound, in both schemes, and takes its picture in each. */
export async function shots(page, name) {
  await shot(page, `${name}-light`);
  for (const wrong of await wrongsInDark(page, () => picture(page, `${name}-dark`))) fault(name, wrong);
}

/** Looks whether what is there is sound. */
export async function shot(page, name) {
  await settled(page);
  for (const wrong of await wrongs(page)) fault(name, wrong);
  await picture(page, name);
  console.log(`  ✓ ${name}`);
}

export async function picture(page, name) {
  if (!pictures) return;
  await page.screenshot({ path: `${out}/${name}.png` });
}

/** Asks until the answer is yes; a fault when patience ends. */
export async function eventually(what, check, patienceMs = waitMs) {
  const end = Date.now() + patienceMs;
  while (!(await check())) {
    if (Date.now() > end) return fault('eventually', `not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function expectText(page, name, text) {
  const there = await page
    .getByText(text)
    .first()
    .waitFor({ state: 'visible' })
    .then(
      () => true,
      () => false,
    );
  if (!there) fault(name, `does not show “${text}”`);
}
