// 建议箱 on a phone and at a desk, with a name and without; then who stands in for whom, and an approval on paper.
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
} from './harness.mjs';
import { call, signIn } from './people.mjs';

export async function desk(browser, administrator) {
  const clerk = await signIn(browser, administrator, '区永康');
  const head = await signIn(browser, administrator, '任重');
  const phone = await open(browser, 'clerk', {
    state: clerk.state,
    size: 'phone',
    expected: offlineNoise,
    keeps: true,
  });
  const manager = await open(browser, 'administrator', { state: administrator });
  await named(phone, manager);
  await nameless(phone, manager);
  await standIn(browser, head);
  await paper(phone, manager);
  await looks(browser, clerk, administrator);
  for (const page of [phone, manager]) await page.context().close();
}

const box = (page) => page.getByRole('list', { name: '建议箱' }).getByRole('link');

async function write(phone, title, text) {
  await phone.goto(`${url}/work/suggestions`);
  await phone.getByRole('link', { name: '提建议' }).click();
  await phone.getByRole('textbox', { name: '标题' }).fill(title);
  await phone.getByRole('textbox', { name: '内容' }).fill(text);
}

/** Written in the lift, it arrives once; the handler takes and answers it, the author adds something. */
async function named(phone, manager) {
  await write(phone, '食堂晚一点关门', '加班的人八点才能吃上饭。');
  await shot(phone, 'desk-new-phone-light');
  await phone.context().setOffline(true);
  await phone.getByRole('button', { name: '提交' }).click();
  await expectText(phone, 'desk', '等待送出');
  if ((await phone.getByText('已提交').count()) > 0) fault('desk', 'says that what waits has arrived');
  await shot(phone, 'desk-waits-phone-light');
  await phone.context().setOffline(false);
  await box(phone).filter({ hasText: '待处理' }).waitFor();
  await manager.goto(`${url}/todo`);
  await manager
    .getByRole('list', { name: '待办事项' })
    .getByRole('link', { name: /食堂晚一点关门/ })
    .click();
  await manager.getByRole('button', { name: '我来处理' }).click();
  await expectText(manager, 'desk', '处理中');
  await manager.getByRole('textbox', { name: '写下答复' }).fill('下周起八点半关门。');
  await shot(manager, 'desk-answer-desktop-light');
  await manager.getByRole('button', { name: '答复', exact: true }).click();
  await expectText(manager, 'desk', '已答复');
  await phone.goto(`${url}/chat`);
  await phone
    .getByRole('list', { name: '会话' })
    .getByRole('link', { name: /建议助手/ })
    .click();
  const card = phone.getByRole('article').filter({ hasText: '食堂晚一点关门' }).last();
  await card.getByText('已答复').waitFor();
  await shot(phone, 'desk-card-phone-light');
  await card.getByRole('link', { name: '查看' }).click();
  await expectText(phone, 'desk', '下周起八点半关门。');
  await phone.getByRole('textbox', { name: '还想补充什么？' }).fill('周末呢？');
  await phone.getByRole('button', { name: '补充' }).click();
  await expectText(phone, 'desk', '处理中');
  await shot(phone, 'desk-one-phone-light');
  await expectText(manager, 'desk', '周末呢？');
  const mine = await call(phone, 'GET', '/suggestions');
  if (mine.items.length !== 1) fault('desk', `one suggestion arrived ${mine.items.length} times`);
}

/** The company allows it; the code is all that leads back. */
async function nameless(phone, manager) {
  await manager.goto(`${url}/admin/desk`);
  await manager.getByRole('switch', { name: '允许匿名建议' }).click();
  await eventually(
    'the company allows it',
    async () => (await call(manager, 'GET', '/desk-settings')).anonymous,
  );
  await shot(manager, 'desk-settings-desktop-light');
  await write(phone, '会议太多', '每周一上午都在开会。');
  await phone.getByRole('switch', { name: '匿名提交' }).check();
  await shot(phone, 'desk-nameless-phone-light');
  await phone.getByRole('button', { name: '提交' }).click();
  const code = await phone.getByText(/^(\w{4}-){3}\w{4}$/).textContent();
  await shot(phone, 'desk-code-phone-light');
  await manager.goto(`${url}/work/suggestions`);
  await box(manager).filter({ hasText: '会议太多' }).filter({ hasText: '匿名' }).click();
  await manager.getByRole('textbox', { name: '写下答复' }).fill('改为双周。');
  await manager.getByRole('button', { name: '答复', exact: true }).click();
  await expectText(manager, 'desk', '已答复');
  await phone.getByRole('link', { name: '已记下' }).click();
  await eventually(
    'mine does not list it',
    async () => (await box(phone).filter({ hasText: '会议太多' }).count()) === 0,
  );
  await phone.getByRole('link', { name: '凭查询码查看' }).click();
  await phone.getByRole('textbox', { name: '查询码' }).fill(code.toLowerCase());
  await phone.getByRole('button', { name: '查看' }).click();
  await expectText(phone, 'desk', '改为双周。');
  await shot(phone, 'desk-by-code-phone-light');
}

async function standIn(browser, head) {
  const page = await open(browser, 'head', { state: head.state });
  await page.goto(`${url}/me/delegation`);
  await page
    .getByRole('combobox', { name: '代理人' })
    .or(page.getByRole('textbox', { name: '代理人' }))
    .fill('单志远');
  await page.getByRole('option', { name: /单志远/ }).click();
  await shot(page, 'delegation-new-desktop-light');
  await page.getByRole('button', { name: '开始委派' }).click();
  await expectText(page, 'delegation', '单志远');
  await page.getByRole('button', { name: '结束委派' }).waitFor();
  await shot(page, 'delegation-desktop-light');
  await page.getByRole('button', { name: '结束委派' }).click();
  await page.getByRole('button', { name: '开始委派' }).waitFor();
  await page.context().close();
}

/** The sheet is one page of paper, without what stands around it on the screen. */
async function paper(phone, manager) {
  const id = await phone.evaluate(() => crypto.randomUUID());
  const half = (date, part) => ({ date, half: part });
  await call(phone, 'POST', '/approvals', {
    id,
    form: 'leave',
    values: {
      type: 'annual',
      from: half('2026-12-01', 'am'),
      to: half('2026-12-02', 'pm'),
      reason: '回老家',
    },
  });
  await phone.goto(`${url}/work/mine/${id}`);
  await phone.getByRole('link', { name: '打印' }).click();
  await phone.getByRole('button', { name: '打印 / 存为 PDF' }).waitFor();
  await expectText(phone, 'paper', '审批记录');
  await shot(phone, 'paper-phone-light');
  await manager.goto(`${url}/work/print/${id}`);
  await expectText(manager, 'paper', '审批记录');
  await shot(manager, 'paper-desktop-light');
  await manager.emulateMedia({ media: 'print' });
  if (await manager.getByRole('navigation').first().isVisible()) fault('paper', 'prints the rail');
  if (await manager.getByRole('button', { name: '打印 / 存为 PDF' }).isVisible())
    fault('paper', 'prints its button');
  const pdf = await manager.pdf({
    preferCSSPageSize: true,
    path: new URL('./out/paper.pdf', import.meta.url).pathname,
  });
  const pages = pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length;
  if (pages !== 1) fault('paper', `${pages} pages`);
  await manager.emulateMedia({ media: null });
}

async function looks(browser, clerk, administrator) {
  await everywhere(async (size) => {
    const page = await open(browser, `desk ${size}`, { size, state: clerk.state });
    const mine = `/work/suggestions`;
    for (const path of [mine, '/work/suggest/new', '/work/suggest/code', '/me/delegation']) {
      await page.goto(url + path);
      await page.locator('main').waitFor();
      await shots(page, `desk${path.replaceAll('/', '-')}-${size}`);
    }
    await page.context().close();
    const all = await open(browser, `handler ${size}`, { size, state: administrator });
    await all.goto(url + mine);
    await box(all).first().waitFor();
    await shots(all, `desk-all-${size}`);
    await box(all).filter({ hasText: '食堂' }).click();
    await expectText(all, 'desk', '周末呢？');
    await shots(all, `desk-one-${size}`);
    await all.context().close();
  });
}
