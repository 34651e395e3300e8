// Somebody looks for what was said, a file, a leave and a colleague: on a phone, then from the palette at a desk.
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
import { box, said } from './rooms.mjs';

const later = 60;

export async function search(browser, administrator) {
  const head = await signIn(browser, administrator, '沈建国');
  const clerk = await signIn(browser, administrator, '陈静');
  const desk = await open(browser, 'head', { state: head.state });
  const phone = await open(browser, 'clerk', { state: clerk.state, size: 'phone', expected: offlineNoise });
  await talk(desk, clerk);
  await leave(phone);
  await onThePhone(phone);
  await fromThePalette(desk);
  await looks(browser, clerk);
  await desk.context().close();
  await phone.context().close();
}

const found = (page) => page.getByRole('list', { name: '内容' }).getByRole('link');
const field = (page) => page.getByRole('searchbox', { name: '搜索消息、审批、文件和人' });

/** A message that sixty others bury, and a file. */
async function talk(desk, clerk) {
  await desk.goto(`${url}/chat`);
  const direct = crypto.randomUUID();
  const { id } = await call(desk, 'POST', '/rooms', { id: direct, kind: 'direct', memberIds: [clerk.id] });
  const post = (text) =>
    call(desk, 'POST', `/rooms/${id}/messages`, { id: crypto.randomUUID(), kind: 'text', text });
  await post('桂花糕的报价单请今天下班前发我。');
  for (let i = 1; i <= later; i += 1) await post(`第 ${i} 箱已经贴好标签。`);
  await desk.goto(`${url}/chat/${id}`);
  const chooser = desk.waitForEvent('filechooser');
  await desk.getByRole('button', { name: '文件', exact: true }).click();
  await (await chooser).setFiles({
    name: '糕点报价 2026.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('品名,单价\n桂花糕,12\n'),
  });
  await box(desk).press('Enter');
  await desk.getByTitle('下载').waitFor();
}

async function leave(phone) {
  await phone.goto(`${url}/work/new/leave`);
  await phone.getByRole('combobox', { name: '请假类型' }).selectOption('annual');
  await phone.getByLabel('开始时间', { exact: true }).fill('2026-12-01');
  await phone.getByLabel('结束时间', { exact: true }).fill('2026-12-02');
  await phone.getByRole('textbox', { name: '请假事由' }).fill('陪父母体检');
  await phone.getByRole('button', { name: '提交' }).click();
  await expectText(phone, 'search', '正在审批');
}

async function onThePhone(phone) {
  await phone.goto(`${url}/chat`);
  await phone.getByRole('link', { name: '搜索', exact: true }).click();
  await expectText(phone, 'search', '想找什么？');
  await shot(phone, 'search-begin-phone-light');
  await composed(phone);
  await eventually('a message and a file are found', async () => (await found(phone).count()) === 2);
  if ((await found(phone).filter({ hasText: '桂花糕的' }).locator('mark').textContent()) !== '报价')
    fault('search', 'does not mark what was looked for');
  await shot(phone, 'search-found-phone-light');
  await found(phone).filter({ hasText: '桂花糕的' }).click();
  await said(phone, '桂花糕的报价单请今天下班前发我。').waitFor();
  await shot(phone, 'search-jumped-phone-light');
  await phone.goBack();
  await eventually('the way back leads to what was found', async () => (await found(phone).count()) === 2);
  await phone.getByRole('navigation', { name: '搜索范围' }).getByRole('link', { name: '文件' }).click();
  await eventually('one file is found', async () => (await found(phone).count()) === 1);
  await field(phone).fill('年假');
  await expectText(phone, 'search', '没有找到“年假”');
  await shot(phone, 'search-nothing-phone-light');
  await phone.getByRole('link', { name: '在全部内容里找' }).click();
  await found(phone).filter({ hasText: '请假' }).first().click();
  await expectText(phone, 'search', '陪父母体检');
  await phone.goto(`${url}/search`);
  await phone.getByRole('list', { name: '最近搜索' }).getByRole('button', { name: '报价' }).waitFor();
  await shot(phone, 'search-recent-phone-light');
  await field(phone).fill('第 箱');
  await eventually('a page of hits is there', async () => (await found(phone).count()) === 30);
  await phone.getByRole('button', { name: '更早的结果' }).click();
  await eventually('the rest is there', async () => (await found(phone).count()) === later);
  await phone.context().setOffline(true);
  await field(phone).fill('没有网络时');
  await expectText(phone, 'search', '连不上服务器');
  await shot(phone, 'search-offline-phone-light');
  await phone.context().setOffline(false);
}

/** While an input method composes, nothing is asked; what it gives is. */
async function composed(phone) {
  const asked = [];
  phone.on(
    'request',
    (r) => r.url().includes('/api/v1/search') && asked.push(new URL(r.url()).searchParams.get('q')),
  );
  const keys = await phone.context().newCDPSession(phone);
  await field(phone).focus();
  for (const text of ['b', 'bao', 'baojia'])
    await keys.send('Input.imeSetComposition', {
      text,
      selectionStart: text.length,
      selectionEnd: text.length,
    });
  const [answer] = await Promise.all([
    phone.waitForResponse((r) => r.url().includes('/api/v1/search')),
    keys.send('Input.insertText', { text: '报价' }),
  ]);
  await answer.finished();
  if (asked.join() !== '报价') fault('search', `asked for ${asked.join()} while an input method composed`);
}

async function fromThePalette(desk) {
  await desk.keyboard.press('Control+k');
  await desk.getByRole('combobox').fill('桂花糕');
  await desk.getByRole('option', { name: /桂花糕的报价单/ }).waitFor();
  await shot(desk, 'search-palette-desktop-light');
  await desk.getByRole('option', { name: /桂花糕的报价单/ }).click();
  await said(desk, '桂花糕的报价单请今天下班前发我。').waitFor();
  await desk.keyboard.press('Control+k');
  await desk.getByRole('option', { name: '桂花糕', exact: true }).click();
  await desk.getByRole('option', { name: /查看“桂花糕”的全部结果/ }).click();
  await eventually('what the palette names is found', async () => (await found(desk).count()) === 1);
  await field(desk).fill('chenjing');
  await desk.getByRole('list', { name: '人' }).getByRole('link', { name: /陈静/ }).click();
  await desk.getByRole('heading', { name: '陈静', level: 2 }).waitFor();
}

async function looks(browser, clerk) {
  await everywhere(async (size) => {
    const page = await open(browser, `search ${size}`, { size, state: clerk.state });
    await page.goto(`${url}/search?q=${encodeURIComponent('报价')}`);
    await found(page).first().waitFor();
    await shots(page, `search-all-${size}`);
    await page.goto(`${url}/search?q=${encodeURIComponent('陈')}`);
    await page.getByRole('list', { name: '人' }).getByRole('link').first().waitFor();
    await shots(page, `search-people-${size}`);
    await page.context().close();
  });
}
