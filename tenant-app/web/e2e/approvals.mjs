// A leave: filled in on a phone without network, returned by the head at a desk, mended and resumed, agreed to from its
// card in 消息; then two more, refused and agreed to one after the other from 待办.
import { readFile } from 'node:fs/promises';
import { copies } from './copies.mjs';
import {
  eventually,
  everywhere,
  expectText,
  fault,
  offlineNoise,
  open,
  shot,
  shots,
  url,
  worker,
} from './harness.mjs';
import { call, signIn } from './people.mjs';

export async function approvals(browser, administrator) {
  const head = await signIn(browser, administrator, '覃秀英');
  const clerk = await signIn(browser, administrator, '陈静');
  const desk = await open(browser, 'head', { state: head.state });
  const phone = await open(browser, 'clerk', {
    state: clerk.state,
    size: 'phone',
    expected: offlineNoise,
    keeps: true,
  });
  await submitWithoutNetwork(phone);
  await giveBack(desk, phone);
  await mend(desk, phone);
  await two(desk, phone);
  await copies(desk, phone, head);
  await expense(phone);
  await looks(browser, head, clerk);
  await desk.context().close();
  await phone.context().close();
}

const waiting = (page) => page.getByRole('list', { name: '待办事项' }).getByRole('link', { name: /请假/ });

// A phrase to be put into the comment is called 同意 as well.
const agreed = (page) => page.getByRole('dialog').locator('button[type=submit]').click();

async function leave(phone, reason) {
  await phone.getByRole('combobox', { name: '请假类型' }).selectOption('annual');
  await phone.getByLabel('开始时间', { exact: true }).fill('2026-12-01');
  await phone.getByLabel('结束时间', { exact: true }).fill('2026-12-02');
  await phone.getByRole('textbox', { name: '请假事由' }).fill(reason);
}

/** Sent in the lift; the first answer of the server is lost: it arrives once. */
async function submitWithoutNetwork(phone) {
  await phone.goto(`${url}/work`);
  await worker(phone);
  await phone.reload();
  await shot(phone, 'work-phone-light');
  await phone.getByRole('link', { name: /^请假/ }).click();
  await phone.getByRole('button', { name: '提交' }).click();
  await expectText(phone, 'approval', '请填写');
  await shot(phone, 'form-missing-phone-light');
  await leave(phone, '回老家');
  await phone.getByRole('region', { name: '审批流程' }).getByText('覃秀英').waitFor();
  await shot(phone, 'form-phone-light');
  await phone.context().setOffline(true);
  await phone.getByRole('button', { name: '提交' }).click();
  await expectText(phone, 'approval', '等待送出');
  await shot(phone, 'approval-waits-phone-light');
  await phone.getByRole('link', { name: '返回' }).click();
  await expectText(phone, 'approval', '等待送出');
  let lost = 0;
  await phone.context().route(/\/api\/v1\/approvals$/, async (route) => {
    if (route.request().method() !== 'POST' || lost > 0) return route.continue();
    lost += 1;
    await route.fetch();
    return route.abort('connectionreset');
  });
  await phone.context().setOffline(false);
  await phone.getByRole('link', { name: /陈静.*审批中|请假.*审批中/ }).click();
  await expectText(phone, 'approval', '正在审批');
  await shot(phone, 'approval-sent-phone-light');
  const mine = await call(phone, 'GET', '/approvals?box=mine');
  if (mine.items.length !== 1) fault('approval', `one leave arrived ${mine.items.length} times`);
  if (lost !== 1) fault('approval', 'no answer was lost');
}

async function giveBack(desk, phone) {
  await desk.goto(`${url}/todo`);
  await waiting(desk).click();
  await shot(desk, 'approval-desktop-light');
  await desk.getByRole('button', { name: '退回', exact: true }).click();
  const dialog = desk.getByRole('dialog');
  await dialog.getByRole('textbox', { name: '意见' }).fill('请写明由谁代班');
  await shot(desk, 'approval-return-desktop-light');
  await dialog.getByRole('button', { name: '退回', exact: true }).click();
  await expectText(desk, 'approval', '已退回');
  await phone.goto(`${url}/todo`);
  await waiting(phone).click();
  await phone.getByRole('link', { name: '修改' }).click();
  await expectText(phone, 'approval', '请写明由谁代班');
  await expectText(phone, 'approval', '提交后直接回到退回的人');
}

async function mend(desk, phone) {
  await phone.getByRole('textbox', { name: '请假事由' }).fill('回老家，曾玉梅代班');
  await shot(phone, 'mend-phone-light');
  await phone.getByRole('button', { name: '重新提交' }).click();
  await expectText(phone, 'approval', '正在审批');
  await desk.goto(`${url}/chat`);
  await desk
    .getByRole('list', { name: '会话' })
    .getByRole('link', { name: /审批助手/ })
    .click();
  const card = desk.getByRole('article').filter({ hasText: '请假 · 陈静' }).last();
  await card.getByRole('button', { name: '同意' }).waitFor();
  await shot(desk, 'approval-card-desktop-light');
  await card.getByRole('button', { name: '同意' }).click();
  await shot(desk, 'approval-agree-desktop-light');
  await agreed(desk);
  await card.getByText('已通过').waitFor();
  await phone.getByText('已通过').first().waitFor();
  await shot(phone, 'approval-passed-phone-light');
  await phone.goto(`${url}/chat`);
  await phone
    .getByRole('list', { name: '会话' })
    .getByRole('link', { name: /审批助手/ })
    .click();
  await phone.getByRole('article').getByText('已通过').first().waitFor();
  await shot(phone, 'approval-card-phone-light');
}

/** What the head has decided goes from the list, and the next one is at hand. */
async function two(desk, phone) {
  for (const reason of ['看牙', '搬家']) {
    await phone.goto(`${url}/work/new/leave`);
    await leave(phone, reason);
    await phone.getByRole('button', { name: '提交' }).click();
    await expectText(phone, 'approval', '正在审批');
  }
  await desk.goto(`${url}/todo`);
  await eventually('two wait', async () => (await waiting(desk).count()) === 2);
  await waiting(desk).last().click();
  await desk.getByText('看牙').waitFor();
  await desk.getByRole('button', { name: '拒绝', exact: true }).click();
  await desk.getByRole('dialog').getByRole('textbox', { name: '意见' }).fill('那天盘点');
  await desk.getByRole('dialog').getByRole('button', { name: '拒绝', exact: true }).click();
  await expectText(desk, 'approval', '已拒绝');
  await eventually('one waits', async () => (await waiting(desk).count()) === 1);
  await shot(desk, 'approval-refused-desktop-light');
  await desk.getByRole('link', { name: '下一个待办' }).click();
  await desk.getByText('搬家').waitFor();
  await desk.getByRole('button', { name: '同意', exact: true }).click();
  await agreed(desk);
  await desk.getByText('没有待办').waitFor();
}

const ticket = '%PDF-1.4 车票';

/** Rows, their sum in figures and in words, a file; kept as a draft, then sent. */
async function expense(phone) {
  await phone.goto(`${url}/work/new/expense`);
  await phone.getByRole('textbox', { name: '报销事由' }).fill('去苏州送样品');
  await phone.getByRole('button', { name: '增加明细' }).click();
  await phone.getByLabel('日期').fill('2026-11-20');
  await phone.getByRole('combobox', { name: '类别' }).selectOption('travel');
  await phone.getByRole('textbox', { name: '金额' }).fill('126.5');
  await expectText(phone, 'expense', '壹佰贰拾陆元伍角');
  const chooser = phone.waitForEvent('filechooser');
  await phone.getByRole('button', { name: '添加文件' }).click();
  await (await chooser).setFiles({
    name: '车票.pdf',
    mimeType: 'application/pdf',
    buffer: Buffer.from(ticket),
  });
  await shot(phone, 'form-expense-phone-light');
  await phone.getByRole('button', { name: '存草稿' }).click();
  await expectText(phone, 'expense', '草稿已保存');
  await phone.goto(`${url}/work/drafts`);
  await phone.getByRole('link', { name: /^报销/ }).click();
  await eventually(
    'the draft is as it was left',
    async () => (await phone.getByRole('textbox', { name: '金额' }).inputValue()) === '126.50',
  );
  await phone.getByRole('list', { name: '发票与附件' }).getByText('车票.pdf').waitFor();
  await phone.getByRole('button', { name: '提交' }).click();
  await expectText(phone, 'expense', '正在审批');
  const download = phone.waitForEvent('download');
  await phone.getByRole('link', { name: /车票\.pdf/ }).click();
  if ((await readFile(await (await download).path(), 'utf8')) !== ticket)
    fault('expense', 'the ticket is another');
  await shot(phone, 'expense-phone-light');
}

/** Every page of approvals at both sizes. */
async function looks(browser, head, clerk) {
  await everywhere(async (size) => {
    const page = await open(browser, `approvals ${size}`, { size, state: clerk.state });
    await page.goto(`${url}/work`);
    const mine = await call(page, 'GET', '/approvals?box=mine');
    const paths = ['/todo', '/work', '/work/mine', `/work/mine/${mine.items[0].id}`, '/work/drafts'];
    for (const path of [...paths, '/work/new/leave', '/work/new/expense', '/work/new/general']) {
      await page.goto(url + path);
      await page.locator('main').waitFor();
      const name = path.replaceAll('/', '-').replace(mine.items[0].id, 'one');
      await shots(page, `approvals${name}-${size}`);
    }
    await page.context().close();
  });
  const page = await open(browser, 'head', { state: head.state });
  await page.goto(`${url}/work/decided`);
  await shot(page, 'approvals-work-decided-desktop-light');
  await page.context().close();
}
