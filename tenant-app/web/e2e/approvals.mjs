// A leave: submitted on a phone, returned by the head at a desk with resume, mended, agreed to from 待办.
import { expectText, open, shot, url } from './harness.mjs';
import { call, signIn } from './people.mjs';

export async function approvals(browser, administrator) {
  const head = await signIn(browser, administrator, '沈建国');
  const clerk = await signIn(browser, administrator, '陈静');
  const desk = await open(browser, 'head', { state: head.state });
  const phone = await open(browser, 'clerk', { state: clerk.state, size: 'phone' });
  await submit(phone);
  await giveBack(desk, phone);
  await mend(desk, phone);
  await looks(browser, head, clerk);
  await desk.context().close();
  await phone.context().close();
}

async function submit(phone) {
  await phone.goto(`${url}/work`);
  await shot(phone, 'work-phone-light');
  await phone.getByRole('link', { name: /^请假/ }).click();
  await phone.getByRole('combobox', { name: '请假类型' }).selectOption('annual');
  await phone.getByRole('button', { name: '提交' }).click();
  await expectText(phone, 'approval', '请填写');
  await shot(phone, 'form-missing-phone-light');
  await phone.getByLabel('开始时间', { exact: true }).fill('2026-12-01');
  await phone.getByLabel('结束时间', { exact: true }).fill('2026-12-02');
  await phone.getByRole('combobox', { name: '结束时间：上午或下午' }).selectOption('pm');
  await phone.getByRole('textbox', { name: '请假事由' }).fill('回老家');
  await phone.getByText('部门负责人').waitFor();
  await shot(phone, 'form-phone-light');
  await phone.getByRole('button', { name: '提交' }).click();
  await expectText(phone, 'approval', '审批中');
  await shot(phone, 'approval-sent-phone-light');
}

async function giveBack(desk, phone) {
  await desk.goto(`${url}/todo`);
  await desk.getByRole('list', { name: '待办事项' }).getByRole('link', { name: /请假/ }).click();
  await shot(desk, 'approval-desktop-light');
  await desk.getByRole('button', { name: '退回', exact: true }).click();
  const dialog = desk.getByRole('dialog');
  await dialog.getByRole('textbox', { name: '意见' }).fill('请写明由谁代班');
  await shot(desk, 'approval-return-desktop-light');
  await dialog.getByRole('button', { name: '退回', exact: true }).click();
  await expectText(desk, 'approval', '已退回');
  await phone.goto(`${url}/todo`);
  await phone.getByRole('list', { name: '待办事项' }).getByRole('link', { name: /请假/ }).click();
  await phone.getByRole('link', { name: '修改' }).click();
  await expectText(phone, 'approval', '请写明由谁代班');
}

async function mend(desk, phone) {
  await phone.getByRole('textbox', { name: '请假事由' }).fill('回老家，曾玉梅代班');
  await phone.getByRole('button', { name: '重新提交' }).click();
  await expectText(phone, 'approval', '审批中');
  await desk.goto(`${url}/todo`);
  await desk.getByRole('list', { name: '待办事项' }).getByRole('link', { name: /请假/ }).click();
  await expectText(desk, 'approval', '回老家，曾玉梅代班');
  await desk.getByRole('button', { name: '同意', exact: true }).click();
  await desk.getByRole('dialog').getByRole('button', { name: '同意', exact: true }).click();
  await expectText(desk, 'approval', '已通过');
  await expectText(phone, 'approval', '已通过');
}

/** Every page of approvals at both sizes and in both schemes. */
async function looks(browser, head, clerk) {
  for (const size of ['desktop', 'phone']) {
    for (const scheme of ['light', 'dark']) {
      const page = await open(browser, `${size} ${scheme}`, { size, scheme, state: clerk.state });
      await page.goto(`${url}/work`);
      const mine = await call(page, 'GET', '/approvals?box=mine');
      const paths = ['/todo', '/work', '/work/mine', `/work/mine/${mine.items[0].id}`, '/work/drafts'];
      for (const path of [...paths, '/work/new/expense', '/work/new/general']) {
        await page.goto(url + path);
        await page.locator('main').waitFor();
        const name = path.replaceAll('/', '-').replace(mine.items[0].id, 'one');
        await shot(page, `approvals${name}-${size}-${scheme}`);
      }
      await page.context().close();
    }
  }
  const page = await open(browser, 'head', { state: head.state });
  await page.goto(`${url}/work/decided`);
  await shot(page, 'approvals-work-decided-desktop-light');
  await page.context().close();
}
