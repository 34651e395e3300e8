// The lift: messages, a receipt and a read without network; the browser is killed, started again, and sends twice.
// Everything arrives once. What is refused waits to be mended; signing out asks first.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, expectText, fault, launchKept, open, shot, url, watch } from './harness.mjs';
import { call, signIn } from './people.mjs';
import { box } from './rooms.mjs';

const lines = ['电梯里第一条', '电梯里第二条', '电梯里第三条'];
const offlineNoise = [/ERR_INTERNET_DISCONNECTED|Failed to load resource|WebSocket/];

export async function outbox(browser, administrator) {
  const head = await signIn(browser, administrator, '解东升');
  const clerk = await signIn(browser, administrator, '盖丽');
  const desk = await open(browser, 'outbox head', { state: head.state, expected: offlineNoise });
  await desk.goto(`${url}/chat`);
  const room = await call(desk, 'POST', '/rooms', {
    id: id7(),
    kind: 'direct',
    memberIds: [clerk.id],
  });
  await call(desk, 'POST', `/rooms/${room.id}/messages`, {
    id: id7(),
    kind: 'text',
    text: '请回执',
    receipt: true,
  });

  const profile = mkdtempSync(join(tmpdir(), 'atrium-e2e-profile-'));
  try {
    await withoutNetwork(profile, clerk, room.id);
    await again(profile, desk, room.id);
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
  await refused(desk, room.id);
  await desk.context().close();
}

const id7 = () => crypto.randomUUID().replace(/^(.{14})4/, '$17');

/** What the room holds of these texts, as the server has it. */
async function count(page, room) {
  const { items } = await call(page, 'GET', `/rooms/${room}/messages?limit=50`);
  return {
    texts: items.map((m) => m.text).filter((t) => lines.includes(t)),
    receipts: items.find((m) => m.receipt)?.receipt,
  };
}

/** Three messages and a receipt in the lift; then the browser dies. */
async function withoutNetwork(profile, clerk, room) {
  const context = await launchKept(profile, clerk.state);
  const page = await watch(await context.newPage(), 'lift', offlineNoise);
  await page.goto(`${url}/chat/${room}`);
  await page.getByText('请回执').waitFor();
  // The page's files and what it showed are kept before the network goes.
  await page.evaluate(async () => void (await navigator.serviceWorker?.ready));
  await page.reload();
  await page.getByText('请回执').waitFor();
  await eventually('the room is kept', () => page.evaluate(isKept, room));
  await context.setOffline(true);
  await page.getByRole('button', { name: '已收到' }).click();
  for (const text of lines) {
    await box(page).fill(text);
    await page.getByRole('button', { name: '发送' }).click();
  }
  await page.getByText('待同步 4').waitFor();
  if ((await page.getByTestId('pending').count()) !== lines.length)
    fault('outbox', 'not all messages are shown');
  await shot(page, 'outbox-waiting-phone-light');
  await eventually('all is in the database', () => page.evaluate(queued).then((n) => n >= 4));
  await context.browser()?.close();
  await context.close().catch(() => undefined);
}

/** Runs in the page. */
async function isKept(room) {
  const kept = await (await caches.open('atrium-kept')).match('/kept');
  const { state } = kept ? await kept.json() : { state: { queries: [] } };
  return state.queries.some((q) => q.queryKey[1] === 'log' && q.queryKey[2] === room);
}

/** Runs in the page: how many operations IndexedDB holds. */
function queued() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('atrium-outbox');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const asking = opening.result.transaction('operations').objectStore('operations').count();
      asking.onsuccess = () => {
        opening.result.close();
        resolve(asking.result);
      };
    };
  });
}

/** The browser starts again, twice at once: both tabs send, everything is there once and in order. */
async function again(profile, desk, room) {
  const context = await launchKept(profile);
  // A reply that is lost: the server has the message, the page does not know and sends it again.
  let lost = 0;
  await context.route(/\/rooms\/[^/]+\/messages$/, async (route) => {
    if (route.request().method() !== 'POST' || lost > 0) return route.continue();
    lost += 1;
    await route.fetch();
    return route.abort('connectionreset');
  });
  const [one, two] = [await context.newPage(), await context.newPage()];
  await watch(one, 'back', offlineNoise);
  await watch(two, 'back too', offlineNoise);
  await Promise.all([one.goto(`${url}/chat/${room}`), two.goto(`${url}/chat`)]);
  // Starting a browser and two pages takes a busy machine long.
  const arrived = async () => (await count(desk, room)).texts.length >= lines.length;
  await eventually('all has arrived', arrived, 120_000);
  await eventually('nothing waits', () => one.evaluate(queued).then((n) => n === 0));
  await one.reload();
  await one.getByText(lines[2]).first().waitFor();
  const { texts, receipts } = await count(desk, room);
  if (texts.join() !== lines.join()) fault('outbox', `arrived as ${texts.join(', ')}`);
  if (receipts?.received !== 1) fault('outbox', `receipts: ${JSON.stringify(receipts)}`);
  if (lost !== 1) fault('outbox', 'no reply was lost');
  for (const text of lines) {
    const shown = await one.getByRole('list', { name: '消息记录' }).getByText(text, { exact: true }).count();
    if (shown !== 1) fault('outbox', `${text} is shown ${shown} times`);
  }
  console.log(`    ${texts.length} messages sent without network arrived once, one reply was lost`);
  await context.browser()?.close();
  await context.close().catch(() => undefined);
}

/** A refusal waits to be mended, and signing out asks about it. */
async function refused(desk, room) {
  await desk.route(/\/rooms\/[^/]+\/messages$/, (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({
          status: 422,
          contentType: 'application/problem+json',
          body: JSON.stringify({ status: 422, code: 'invalid' }),
        })
      : route.continue(),
  );
  await desk.goto(`${url}/chat/${room}`);
  await box(desk).fill('会被退回的话');
  await box(desk).press('Enter');
  await expectText(desk, 'outbox', '没有发出：填写的内容不正确');
  await shot(desk, 'outbox-refused-desktop-light');
  await desk.getByRole('link', { name: '1 条没有发出，去处理' }).click();
  await expectText(desk, 'outbox', '会被退回的话');
  await shot(desk, 'outbox-page-desktop-light');
  await desk.getByRole('button', { name: '退出登录' }).click();
  await expectText(desk, 'outbox', '还有 1 条内容没有送出');
  await desk.getByRole('dialog').getByRole('button', { name: '取消' }).click();
  await desk.unroute(/\/rooms\/[^/]+\/messages$/);
  await desk.getByRole('button', { name: '重试' }).click();
  await expectText(desk, 'outbox', '没有待同步的内容');
}
