// What a page must not be: wider than the window, too small to press, or what axe calls serious, in either scheme.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// The axe that @axe-core/playwright brings. Its builder opens a page of its own for each look, which frames of other
// sites would need; the app has none.
const near = createRequire(createRequire(import.meta.url).resolve('@axe-core/playwright'));
const axe = readFileSync(near.resolve('axe-core/axe.min.js'), 'utf8');

const patienceMs = 10_000;
const loading = '[aria-busy=true], [role=status][aria-label=正在载入], [role=status][aria-label=Loading]';

/** Requests of a page that are under way. */
const underWay = new WeakMap();

/** Counts what a page asks for, from now on. */
export function follow(page) {
  const open = new Set();
  underWay.set(page, open);
  page.on('request', (request) => open.add(request));
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => open.delete(request));
}

/** Waits until nothing is under way and nothing says that it loads; not longer than a person would. */
export async function settled(page) {
  const open = underWay.get(page);
  const end = Date.now() + patienceMs;
  for (let calm = 0; calm < 2; ) {
    const busy = await page.evaluate(rest, loading).catch(() => true); // it goes elsewhere
    calm = busy || open.size > 0 ? 0 : calm + 1;
    if (calm === 0 && Date.now() > end) {
      const asked = [...open].map((request) => `${request.method()} ${new URL(request.url()).pathname}`);
      return console.log(`    ${new URL(page.url()).pathname} does not come to rest: ${asked.join(', ')}`);
    }
  }
}

/** Runs in the page: whether something loads still, after two pictures and whatever moves have come to their end. */
async function rest(selector) {
  await document.fonts.ready;
  for (let i = 0; i < 2; i++) await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const moves = document.getAnimations().filter((a) => a.effect.getComputedTiming().endTime < 5_000);
  await Promise.all(moves.map((move) => move.finished.catch(() => undefined)));
  return [...document.querySelectorAll(selector)].some((e) => e.checkVisibility());
}

/** What is wrong with a settled page, in sentences. */
export async function wrongs(page) {
  return [...(await misshapen(page)), ...(await serious(page))];
}

/** What is wrong with its shape alone, which another language changes too. */
export async function misshapen(page) {
  const [is, may] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  return [...(is > may ? [`scrolls sideways: ${is} > ${may}`] : []), ...(await small(page))];
}

/** What is wrong in the other scheme: colours are all that differ. Does something meanwhile. */
export async function wrongsInDark(page, meanwhile) {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.locator('html[data-mantine-color-scheme=dark], html:not([data-mantine-color-scheme])').waitFor();
  await page.evaluate(rest, loading);
  const found = await serious(page, ['color-contrast']);
  await meanwhile?.();
  await page.emulateMedia({ colorScheme: 'light' });
  return found.map((wrong) => `dark: ${wrong}`);
}

async function serious(page, rules) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const found = await page.evaluate(async (only) => {
    const { violations } = await globalThis.axe.run(document, {
      resultTypes: ['violations'],
      ...(only ? { runOnly: { type: 'rule', values: only } } : {}),
    });
    return violations
      .filter((v) => v.impact === 'serious' || v.impact === 'critical')
      .map((v) => [v.id, v.nodes.map((n) => `${n.target.join(' ')} ${n.any[0]?.message ?? ''}`).join(' | ')]);
  }, rules);
  return found.map(([id, nodes]) => `axe ${id}: ${nodes.slice(0, 600)}`);
}

/** On a phone nothing to press is lower or narrower than 44 px; links inside a sentence are text. */
async function small(page) {
  if (page.viewportSize().width > 500) return [];
  const found = await page.evaluate(() =>
    [
      ...document.querySelectorAll(
        'a, button, input:not([type=hidden]):not([type=checkbox]):not([type=file]), [role=button], [role=tab], [role=option], [role=menuitem]',
      ),
    ]
      .filter(
        (e) =>
          e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
          !e.closest('[inert], p, .visually-hidden'),
      )
      .map((e) => [
        (e.closest('.mantine-Input-wrapper')?.contains(e) && e.matches('input')
          ? e.closest('.mantine-Input-wrapper')
          : e
        ).getBoundingClientRect(),
        e,
      ])
      .filter(([box]) => box.width > 0 && box.bottom > 0 && (box.height < 43.5 || box.width < 43.5))
      .map(
        ([box, e]) =>
          `${e.tagName} ${e.getAttribute('aria-label') ?? e.textContent.slice(0, 20)} ${Math.round(box.width)}×${Math.round(box.height)}`,
      ),
  );
  return found.length > 0 ? [`smaller than 44 px: ${found.slice(0, 6).join(', ')}`] : [];
}
