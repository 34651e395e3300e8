// The lift: messages, a receipt, a leave, a decision and comments without network. The browser is killed, starts again
// without network, then the network is back in two tabs at once, and the first answer to each operation is lost. What is
// counted is what the server has. test/e2e runs this against the cluster.
import dns from 'node:dns';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventually,
  fault,
  kill,
  launchKept,
  offlineNoise,
  open,
  shot,
  url,
  watch,
  worker,
} from './harness.mjs';
import { call, id7 } from './people.mjs';
import { say } from './rooms.mjs';

const lines = ['电梯里第一条', '电梯里第二条', '电梯里第三条'];
const remarks = ['数量对', '单价请再核对'];

// What is sent where.
const kinds = {
  messages: /\/rooms\/[^/]+\/messages$/,
  receipts: /\/messages\/[^/]+\/receipt$/,
  submitted: /\/approvals$/,
  decided: /\/approvals\/[^/]+\/approve$/,
  comments: /\/approvals\/[^/]+\/comment$/,
};
const made = { messages: lines.length, receipts: 1, submitted: 1, decided: 1, comments: remarks.length };
const total = Object.values(made).reduce((sum, n) => sum + n, 0);

/** Head and clerk are signed in: {id, state}. Gives a row for each kind: what, made, sent, arrived. */
export async function lift(browser, head, clerk) {
  const desk = await open(browser, 'lift: head', { state: head.state });
  await desk.goto(`${url}/chat`);
  const at = await prepare(desk, clerk);
  const profile = mkdtempSync(join(tmpdir(), 'atrium-e2e-profile-'));
  try {
    await withoutNetwork(profile, clerk, at);
    const rows = await again(profile, clerk, desk, at);
    for (const { what, arrived, sent } of rows) {
      if (arrived !== made[what]) fault('lift', `${what}: ${made[what]} were made and ${arrived} arrived`);
      if (sent < 2 * made[what]) fault('lift', `${what} were sent ${sent} times: nothing was repeated`);
    }
    return rows;
  } finally {
    rmSync(profile, { recursive: true, force: true });
    await desk.context().close();
  }
}

/** What waits for the clerk: a message that asks for a receipt, and three approvals. */
async function prepare(desk, clerk) {
  const room = await call(desk, 'POST', '/rooms', { id: id7(), kind: 'direct', memberIds: [clerk.id] });
  const asked = { id: id7(), kind: 'text', text: '请回执', receipt: true };
  await call(desk, 'POST', `/rooms/${room.id}/messages`, asked);
  const approvals = [];
  for (const subject of ['换三盏灯', '买打印纸', '修门禁']) {
    const values = { subject, content: `${subject}，请看看。` };
    const body = { id: id7(), form: 'general', values, approvers: { approvers: [clerk.id] } };
    approvals.push((await call(desk, 'POST', '/approvals', body)).id);
  }
  return { room: room.id, approvals };
}

/** Everything in the lift; then the browser dies. */
async function withoutNetwork(profile, clerk, at) {
  const context = await launchKept(profile, clerk.state);
  const page = await watch(await context.newPage(), 'lift', offlineNoise);
  await page.goto(`${url}/chat/${at.room}`);
  await page.getByText('请回执').waitFor();
  // The page's files, and what it showed, are kept before the network goes.
  await worker(page);
  for (const path of [...at.approvals.map((id) => `todo/${id}`), 'work/new/leave', `chat/${at.room}`]) {
    await page.goto(`${url}/${path}`);
    await page.locator('main').waitFor();
    await eventually(`${path} is kept`, () => page.evaluate(isKept, path.split('/').at(-1)));
  }
  await context.setOffline(true);
  await page.getByRole('button', { name: '已收到' }).click();
  for (const text of lines) await say(page, text);
  await page
    .getByTestId('pending')
    .nth(lines.length - 1)
    .waitFor();
  await leave(page);
  await act(page, at.approvals[0], '同意');
  for (const [i, text] of remarks.entries()) await act(page, at.approvals[i + 1], '评论', text);
  await page.getByText(`待同步 ${total}`).waitFor();
  await shot(page, 'outbox-waiting-phone-light');
  await eventually('all is in the database', () => page.evaluate(queued).then((n) => n >= total));
  await kill(context, profile);
}

async function leave(page) {
  await page.goto(`${url}/work/new/leave`);
  await page.getByRole('combobox', { name: '请假类型' }).selectOption('annual');
  await page.getByLabel('开始时间', { exact: true }).fill('2026-12-01');
  await page.getByLabel('结束时间', { exact: true }).fill('2026-12-02');
  await page.getByRole('textbox', { name: '请假事由' }).fill('回老家');
  await page.getByRole('button', { name: '提交' }).click();
  await page.getByText('等待送出').first().waitFor();
}

async function act(page, id, what, comment) {
  await page.goto(`${url}/todo/${id}`);
  if (comment) await page.getByRole('button', { name: '更多操作' }).click();
  await page.getByRole(comment ? 'menuitem' : 'button', { name: what, exact: true }).click();
  const dialog = page.getByRole('dialog');
  if (comment) await dialog.getByRole('textbox', { name: '意见' }).fill(comment);
  await dialog.locator('button[type=submit]').click();
  await page.getByText('等待送出').first().waitFor();
}

/** Runs in the page: whether something with this in its name can be read later. */
async function isKept(part) {
  const kept = await (await caches.open('atrium-kept')).match('/kept');
  const { state } = kept ? await kept.json() : { state: { queries: [] } };
  return state.queries.some((q) => q.queryKey.includes(part));
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

// What the test fetches for the page goes through Node, which does not know, as browsers do, where *.localhost is.
const lookup = dns.promises.lookup;
dns.promises.lookup = (host, options) => lookup(host.endsWith('.localhost') ? '127.0.0.1' : host, options);

/** Loses the first answer to each operation: the server has it, the page does not know. Gives how often each kind was sent. */
async function loseFirst(context) {
  const sent = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, 0]));
  const seen = new Set();
  await context.route('**/api/v1/**', async (route) => {
    const request = route.request();
    const kind = Object.keys(kinds).find((k) => kinds[k].test(new URL(request.url()).pathname));
    if (request.method() !== 'POST' || !kind) return route.continue();
    sent[kind] += 1;
    const key = request.headers()['idempotency-key'];
    if (seen.has(key)) return route.continue();
    seen.add(key);
    await route.fetch();
    return route.abort('connectionreset');
  });
  return sent;
}

async function again(profile, clerk, desk, at) {
  const context = await launchKept(profile, clerk.state);
  const sent = await loseFirst(context);
  await context.setOffline(true);
  const one = await watch(await context.newPage(), 'back', offlineNoise);
  const two = await watch(await context.newPage(), 'back too', offlineNoise);
  await Promise.all([one.goto(`${url}/chat/${at.room}`), two.goto(`${url}/me/outbox`)]);
  await one.getByText(`待同步 ${total}`).waitFor();
  await context.setOffline(false);
  // Starting a browser and two pages takes a busy machine long.
  await eventually('nothing waits', () => one.evaluate(queued).then((n) => n === 0), 120_000);
  await one.reload();
  await one.getByText(lines[2]).first().waitFor();
  for (const text of lines) {
    const shown = await one.getByRole('list', { name: '消息记录' }).getByText(text, { exact: true }).count();
    if (shown !== 1) fault('lift', `${text} is shown ${shown} times`);
  }
  const arrived = await count(desk, one, at);
  await kill(context, profile);
  return Object.keys(kinds).map((what) => ({
    what,
    made: made[what],
    sent: sent[what],
    arrived: arrived[what],
  }));
}

/** What the server has, asked as both. */
async function count(desk, clerk, at) {
  const { items } = await call(desk, 'GET', `/rooms/${at.room}/messages?limit=50`);
  const texts = items.map((m) => m.text).filter((text) => lines.includes(text));
  if (texts.join() !== lines.join()) fault('lift', `messages arrived as ${texts.join(', ')}`);
  const mine = await call(clerk, 'GET', '/approvals?box=mine');
  const moments = [];
  for (const id of at.approvals) moments.push(...(await call(desk, 'GET', `/approvals/${id}`)).timeline);
  return {
    messages: texts.length,
    receipts: items.find((m) => m.receipt)?.receipt.received ?? 0,
    submitted: mine.items.length,
    decided: moments.filter((m) => m.verb === 'approve').length,
    comments: moments.filter((m) => m.verb === 'comment' && remarks.includes(m.comment)).length,
  };
}

/** The counts, for people. */
export function table(rows) {
  const line = (cells) => cells.map((c, i) => String(c).padEnd(i === 0 ? 12 : 9)).join('');
  return [
    line(['', 'made', 'sent', 'arrived']),
    ...rows.map((r) => line([r.what, r.made, r.sent, r.arrived])),
  ]
    .map((text) => `    ${text}`)
    .join('\n');
}
