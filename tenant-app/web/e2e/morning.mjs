// A morning in the office, told twice: the clerk on a phone and the head at a desk, then the other way round. Thirty
// people are imported from a file that Excel saved; a clerk signs in by phone number, answers with 已收到, submits a
// leave in the lift, mends it, and the head agrees from the card in 消息; a supplier writes to their 对接人 and sees
// nothing else; an urgent message is acknowledged; two characters find what was said.
import { gb18030 } from './gb18030.mjs';
import { asGuest, inviteGuest } from './guests.mjs';
import { eventually, expectText, fault, offlineNoise, open, shot, url, worker } from './harness.mjs';
import { call, password, signIn } from './people.mjs';
import { box, room, said, say, writesTo } from './rooms.mjs';

const people = 30;
const department = '晨光事业部';
const casts = [
  {
    clerk: { name: '林小雨', phone: '13920000001', size: 'phone' },
    head: { name: '周明远', phone: '13920000002', size: 'desktop' },
    guest: { name: '郝运·来', company: '顺达包装', mail: 'hao@shunda.example' },
    word: '巡检',
  },
  {
    clerk: { name: '𬱖娜·买买提', phone: '13920000003', size: 'desktop' },
    head: { name: '周明远', phone: '13920000002', size: 'phone' },
    guest: { name: '康复', company: '永安物流', mail: 'kang@yongan.example' },
    word: '月饼',
  },
];

export async function morning(browser, administrator) {
  const admin = await open(browser, 'morning: administrator', { state: administrator });
  await importsPeople(admin);
  await setsHead(admin, casts[0].head.name);
  await admin.context().close();
  for (const cast of casts) await story(browser, administrator, cast);
}

function list() {
  const named = [...casts.map((c) => c.clerk), casts[0].head];
  const rows = named.map(({ name, phone }, i) => [name, `M${100 + i}`, phone]);
  for (let i = rows.length; i < people; i++) rows.push([`晨光员工${i}`, `M${100 + i}`, `139300000${10 + i}`]);
  const lines = rows.map(([name, staffNo, phone]) => `${name},${staffNo},${phone},${department}`);
  return ['姓名,工号,手机号,部门', ...lines].join('\r\n');
}

async function importsPeople(page) {
  await page.goto(`${url}/admin/import`);
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: '选择文件' }).click();
  await (await chooser).setFiles({ name: '名单.csv', mimeType: 'text/csv', buffer: gb18030(list()) });
  await page.getByRole('button', { name: `导入 ${people} 人` }).click();
  await expectText(page, 'morning', `新增 ${people} 人，更新 0 人，失败 0 行。`);
  await shot(page, 'morning-imported-desktop-light');
}

async function setsHead(page, name) {
  await page.goto(`${url}/admin/departments`);
  await page.getByRole('button', { name: `“${department}”的操作` }).click();
  await page.getByRole('menuitem', { name: '设置负责人' }).click();
  await page.getByLabel('添加负责人').and(page.locator('input')).fill(name);
  await page.getByRole('option', { name: new RegExp(name) }).click();
  await page.getByRole('button', { name: '保存' }).click();
  await expectText(page, 'morning', `负责人 ${name}`);
}

async function story(browser, administrator, cast) {
  console.log(`  the clerk with a ${cast.clerk.size}, the head with a ${cast.head.size}`);
  const clerk = await byPhoneNumber(browser, administrator, cast.clerk);
  const head = await byPhoneNumber(browser, administrator, cast.head);
  await receipt(head, clerk, cast);
  await leaveInTheLift(clerk, cast);
  await returned(head, clerk, cast);
  await agreed(head, clerk, cast);
  await supplier(browser, clerk, cast);
  await urgent(head, clerk, cast);
  await found(clerk, cast);
  await head.context().close();
  await clerk.context().close();
}

/** Signs in at the page that the server makes, as people do who have a password. */
async function byPhoneNumber(browser, administrator, { name, phone, size }) {
  await signIn(browser, administrator, name);
  const page = await open(browser, `morning: ${name}`, { size, expected: offlineNoise, keeps: true });
  await page.goto(url);
  await page.waitForURL(/\/login/);
  await page.fill('#name', phone);
  await page.fill('#password', password);
  await page.click('button[type=submit]');
  await page.waitForURL(/\/chat/);
  // The service worker keeps the page for the lift.
  await worker(page);
  return page;
}

async function receipt(head, clerk, cast) {
  await writesTo(head, cast.clerk.name, '早。');
  if (cast.head.size === 'phone') await head.getByRole('button', { name: '更多', exact: true }).click();
  await head.getByRole('button', { name: '要回执' }).click();
  await say(head, `九点半${cast.word}，请回一声。`);
  await clerk.goto(`${url}/chat`);
  await room(clerk, new RegExp(cast.head.name)).click();
  await clerk.getByRole('button', { name: '已收到' }).click();
  await head.getByText('已收到 1').waitFor();
  await shot(clerk, `morning-receipt-${cast.clerk.size}-light`);
}

async function leaveInTheLift(clerk, cast) {
  await clerk.goto(`${url}/work/new/leave`);
  await clerk.getByRole('combobox', { name: '请假类型' }).selectOption('annual');
  await clerk.getByLabel('开始时间', { exact: true }).fill('2026-12-01');
  await clerk.getByLabel('结束时间', { exact: true }).fill('2026-12-02');
  await clerk.getByRole('textbox', { name: '请假事由' }).fill('回老家');
  await clerk.getByRole('region', { name: '审批流程' }).getByText(cast.head.name).waitFor();
  await clerk.context().setOffline(true);
  await clerk.getByRole('button', { name: '提交' }).click();
  await expectText(clerk, 'morning', '等待送出');
  await clerk.context().setOffline(false);
  await expectText(clerk, 'morning', '正在审批');
  const { items } = await call(clerk, 'GET', '/approvals?box=mine');
  if (items.length !== 1) fault('morning', `one leave arrived ${items.length} times`);
}

const waiting = (page, name) =>
  page.getByRole('list', { name: '待办事项' }).getByRole('link', { name }).first();

async function returned(head, clerk, cast) {
  await head.goto(`${url}/todo`);
  await waiting(head, new RegExp(cast.clerk.name)).click();
  await head.getByRole('button', { name: '退回', exact: true }).click();
  const dialog = head.getByRole('dialog');
  await dialog.getByRole('combobox', { name: '修改之后' }).selectOption('resume');
  await dialog.getByRole('textbox', { name: '意见' }).fill('请写明由谁代班');
  await dialog.getByRole('button', { name: '退回', exact: true }).click();
  await expectText(head, 'morning', '已退回');
  await clerk.goto(`${url}/todo`);
  await waiting(clerk, /请假/).click();
  await clerk.getByRole('link', { name: '修改' }).click();
  await expectText(clerk, 'morning', '提交后直接回到退回的人');
  await clerk.getByRole('textbox', { name: '请假事由' }).fill('回老家，由同事代班');
  await clerk.getByRole('button', { name: '重新提交' }).click();
  await expectText(clerk, 'morning', '正在审批');
}

async function agreed(head, clerk, cast) {
  await head.goto(`${url}/chat`);
  await room(head, /审批助手/).click();
  const card = head
    .getByRole('article')
    .filter({ hasText: `请假 · ${cast.clerk.name}` })
    .last();
  await card.getByRole('button', { name: '同意' }).click();
  await head.getByRole('dialog').locator('button[type=submit]').click();
  await card.getByText('已通过').waitFor();
  await shot(head, `morning-agreed-${cast.head.size}-light`);
  await clerk.getByText('已通过').first().waitFor();
}

/** The guest has the 对接人; whatever else is asked for holds nothing of the company. */
async function supplier(browser, clerk, cast) {
  const link = await inviteGuest(clerk, cast.guest);
  const guest = await asGuest(browser, link, cast.clerk.name, [cast.head.name, department, '王芳']);
  await writesTo(guest, cast.clerk.name, '样品到了，放在前台。');
  await clerk.goto(`${url}/chat`);
  await room(clerk, new RegExp(cast.guest.name)).click();
  await said(clerk, '样品到了，放在前台。').waitFor();
  await say(clerk, '马上下来。');
  await said(guest, '马上下来。').waitFor();
  for (const path of [
    '/people',
    '/departments',
    '/rooms',
    '/todo',
    '/approvals?box=mine',
    '/external-organisations',
    `/search?q=${cast.word}`,
    `/search?q=${cast.head.name}`,
  ]) {
    const answer = await call(guest, 'GET', path).then(JSON.stringify, (refusal) => refusal.message);
    for (const secret of [cast.head.name, '请回一声', '晨光员工', '王芳'])
      if (answer.split('requestId')[0].includes(secret))
        fault('guest', `${path} gives away ${secret}: ${answer}`);
  }
  await guest.context().close();
}

async function urgent(head, clerk, cast) {
  await writesTo(head, cast.clerk.name, '还有一件事。');
  if (cast.head.size === 'phone') await head.getByRole('button', { name: '更多', exact: true }).click();
  await head.getByRole('button', { name: '加急' }).click();
  await say(head, '客户提前到了，请马上来会议室。');
  const bar = clerk.getByRole('alert').filter({ hasText: '客户提前到了' });
  await bar.waitFor();
  await shot(clerk, `morning-urgent-${cast.clerk.size}-light`);
  await bar.getByRole('button', { name: '我已知晓' }).click();
  await head.getByText('加急 · 已知晓 1 · 待确认 0').waitFor();
  await bar.waitFor({ state: 'hidden' });
  if ((await box(head).inputValue()) !== '') fault('morning', 'what was sent is still in the box');
}

/** Two characters: in messages by the API, a colleague by the palette. */
async function found(clerk, cast) {
  await eventually('the word is found', async () => {
    const { items } = await call(clerk, 'GET', `/search?q=${cast.word}`);
    return items.some((hit) => hit.kind === 'message' && hit.place === cast.head.name);
  });
  await clerk.goto(`${url}/chat`);
  await room(clerk, new RegExp(cast.head.name)).waitFor();
  await clerk.keyboard.press('Control+k');
  await clerk.getByRole('combobox').fill(cast.head.name.slice(0, 2));
  await clerk.getByRole('option', { name: new RegExp(cast.head.name) }).waitFor();
  await shot(clerk, `morning-found-${cast.clerk.size}-light`);
}
