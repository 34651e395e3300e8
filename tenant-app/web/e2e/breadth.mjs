// Breadth first over what can be seen and pressed, from the start page, as a clerk, a head and an administrator, at a desk
// and on a phone: each core entry within three taps, and every page on the way sound: no sideways scroll, nothing too
// small to press, axe silent in both schemes, no text of the other language. Then once more in English.
import { eventually, fault, open, url } from './harness.mjs';
import { call, signIn } from './people.mjs';
import { misshapen, settled, wrongs, wrongsInDark } from './sound.mjs';
import { foreign, known } from './words.mjs';

const most = 3;

// What somebody may not read is asked for all the same; a code of a suggestion that nobody has.
const asked = [/status of 40[34]/];

/** What must be near: how to know that it is there, and how many taps are left from there. */
const core = [
  ['send a message', (page) => page.getByRole('textbox', { name: '消息内容' }), 1],
  // A phone has it behind “更多”.
  ['send a file', (page) => page.getByRole('button', { name: /^(文件|更多)$/ }), 2],
  ['submit a leave request', /^\/work\/new\/leave/, 0],
  ['待办', /^\/todo$/, 0],
  ['find a person', /^\/directory/, 0],
  ['search', (page, path) => path.startsWith('/search') || page.getByRole('dialog').getByRole('combobox'), 0],
  ['own settings', /^\/me\/appearance/, 0],
  ['own notices', /^\/me\/notices/, 0],
  ['guests', /^\/me\/guests/, 0],
  ['help', /^\/me\/help/, 0],
  ['suggestions', /^\/work\/suggest/, 0],
];
const decides = [
  ['decide an approval', (page) => page.getByRole('button', { name: '同意', exact: true }), 1],
];
const manages = ['people', 'import', 'departments', 'roles', 'notices'].map((name) => [
  `manage ${name}`,
  new RegExp(`^/admin/${name}`),
  0,
]);

export async function breadth(browser, administrator) {
  const head = await signIn(browser, administrator, '覃秀英');
  const clerk = await signIn(browser, administrator, '陈静');
  const page = await open(browser, 'clerk', { state: clerk.state });
  await page.goto(`${url}/me/about`);
  await prepare(page, head);
  await page.context().close();
  await Promise.all(['desktop', 'phone'].map(walks));

  async function walks(size) {
    const looked = new Set();
    const as = (name, state, wanted, lang) =>
      walk(browser, `${name}, ${size}`, { size, state, lang, looked }, wanted);
    await as('administrator', administrator, [...core, ...manages]);
    await as('head', head.state, [...core, ...decides]);
    await as('clerk', clerk.state, core);
    await as('in English', administrator, [], 'en');
  }
}

/** Something waits for the head, and the clerk wrote to them and to the administrator. */
async function prepare(page, head) {
  const { items } = await call(page, 'GET', `/people?q=${encodeURIComponent('王芳')}`);
  for (const id of [head.id, items[0].id]) {
    const room = { id: crypto.randomUUID(), kind: 'direct', memberIds: [id] };
    const { id: there } = await call(page, 'POST', '/rooms', room);
    const text = '您好，门禁卡的申请已经提交。';
    await call(page, 'POST', `/rooms/${there}/messages`, { id: crypto.randomUUID(), kind: 'text', text });
  }
  await call(page, 'POST', '/approvals', {
    id: crypto.randomUUID(),
    form: 'general',
    values: { subject: '门禁卡', content: '新办一张' },
    approvers: { approvers: [head.id] },
  });
}

/** One of each kind of address is enough; among rooms are assistants', in which nobody writes. */
const enough = (path) => (kindOf(path) === '/chat/:id' ? 3 : 1);

const kindOf = (path) =>
  path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ':id').replace(/[?&](at|person)=[^&]*/g, '');

async function walk(browser, name, { size, state, lang = 'zh-CN', looked }, wanted) {
  const page = await open(browser, name, { size, state, expected: asked });
  await page.addInitScript((to) => localStorage.setItem('atrium-lang', to), lang);
  await page.goto(url);
  await page.waitForURL(/\/chat/);
  const here = { page, name, lang, looked, data: await known(page) };
  const near = new Map();
  const seen = new Map([['/chat', 0]]);
  const queue = ['/chat'];
  const found = (path, taps) => {
    const alike = [...seen.keys()].filter((p) => kindOf(p) === kindOf(path));
    if (taps > most || seen.has(path) || alike.length >= enough(path)) return;
    seen.set(path, taps);
    queue.push(path);
  };
  while (queue.length > 0) {
    const path = queue.shift();
    const taps = seen.get(path);
    await visit(page, path);
    const fresh = await sound(here, kindOf(path));
    await look(page, path, taps, wanted, near);
    for (const link of await links(page, 'body')) found(link, taps + 1);
    for (const popup of fresh || taps === 0 ? await popups(page) : []) {
      await opened(page, popup, async () => {
        await sound(here, `${kindOf(path)}, opened`);
        await look(page, path, taps + 1, wanted, near);
        for (const link of await links(page, '[role=dialog], [role=menu]')) found(link, taps + 2);
      });
    }
  }
  for (const [what, , left] of wanted) {
    const reached = near.get(what);
    if (reached === undefined || reached + left > most)
      fault(name, `${what} is ${reached === undefined ? 'out of reach' : `${reached + left} taps away`}`);
  }
  const taps = wanted.map(([what, , left]) => `${what} ${near.get(what) + left}`).join(', ');
  console.log(`  ✓ ${name}: ${seen.size} pages; ${taps}`);
  await page.context().close();
}

const yesNo = [() => true, () => false];

async function look(page, path, taps, wanted, near) {
  for (const [what, is] of wanted) {
    if (near.has(what)) continue;
    const there = is instanceof RegExp ? is.test(path) : is(page, path);
    if (there === true || (there && (await there.first().isVisible()))) near.set(what, taps);
  }
}

/** Goes to a place as a link does: without loading the page anew. */
async function visit(page, path) {
  await page.evaluate((to) => history.pushState(null, '', to), path);
  await page.locator('main').waitFor();
  await settled(page);
}

/** Addresses of the app that can be pressed now. */
const links = (page, within) =>
  page.locator(within).evaluateAll((roots) =>
    [...new Set(roots.flatMap((root) => [...root.querySelectorAll('a[href]')]))]
      .filter(
        (a) =>
          a.checkVisibility({ visibilityProperty: true }) &&
          !a.closest('[inert]') &&
          a.origin === location.origin,
      )
      .map((a) => a.pathname + a.search)
      .filter((path) => !/^\/(auth|files|login|api)\//.test(path)),
  );

/** What opens something over the page; the frame's own once, on the start page. */
async function popups(page) {
  if ((await page.locator('[role=dialog]').count()) > 0) return []; // the address opened one
  const start = new URL(page.url()).pathname === '/chat';
  const all = await page
    .locator(start ? '[aria-haspopup], nav button' : 'main [aria-haspopup]')
    .filter({ visible: true })
    .all();
  return all.slice(0, 4);
}

/** Does something while what a press opens is open. What comes out from under a message is no target as it lies. */
async function opened(page, popup, does) {
  if (!(await popup.click({ timeout: 3_000 }).then(...yesNo))) return;
  const inside = page.locator('[role=dialog], [role=menu]').last();
  if (!(await inside.waitFor({ timeout: 5_000 }).then(...yesNo))) return;
  await settled(page);
  await does();
  await page.keyboard.press('Escape');
  const what = `Escape closes what ${await popup.getAttribute('aria-label')} opened at ${page.url()}`;
  await eventually(what, async () => (await inside.count()) === 0, 5_000);
}

/**
 * A page as it is now: wide, small, foreign, or what axe calls serious, unless one of the same parts was looked at. Gives
 * whether it was the first of its parts.
 */
async function sound({ page, name, lang, looked, data }, at) {
  const where = `${name} ${at}`;
  for (const text of await foreign(page, data, lang)) fault(where, `is not translated: “${text}”`);
  const parts = `${lang} ${await page.evaluate(outline)}`;
  const fresh = !looked.has(parts);
  looked.add(parts);
  // Another language changes words and shape alone.
  const whole = fresh && lang === 'zh-CN';
  const found = whole ? [...(await wrongs(page)), ...(await wrongsInDark(page))] : await misshapen(page);
  for (const wrong of found) fault(where, wrong);
  return fresh;
}

/** Runs in the page: what kinds of parts it is made of. */
function outline() {
  const parts = [...document.querySelectorAll('body *')].map((e) =>
    [e.tagName, e.getAttribute('class'), e.getAttribute('role'), e.getAttribute('aria-current')].join(' '),
  );
  return [...new Set(parts)].sort().join('\n');
}
