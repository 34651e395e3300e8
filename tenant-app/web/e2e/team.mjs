// 团队今天: a head sees who is away by a leave that passed, and what waits for whom since when; a clerk has no such card.
import { eventually, expectText, fault, open, shot, url } from './harness.mjs';
import { call, signIn } from './people.mjs';

export async function team(browser, administrator) {
  const head = await signIn(browser, administrator, '覃秀英');
  const clerk = await signIn(browser, administrator, '陈静');
  const own = await open(browser, 'team: clerk', { state: clerk.state });
  await own.goto(`${url}/todo`);
  const leave = await asksForToday(own);
  const page = await open(browser, 'team: head', { state: head.state, size: 'phone' });
  await page.goto(`${url}/todo`);
  await call(page, 'POST', '/approvals', {
    id: crypto.randomUUID(),
    form: 'general',
    values: { subject: '值班表', content: '请看一下' },
    approvers: { approvers: [clerk.id] },
  });
  await seen(page, leave);
  await expectText(own, 'team', '值班表');
  if ((await own.getByText('团队今天').count()) > 0) fault('team', 'a clerk sees a team');
  for (const window of [page, own]) await window.context().close();
}

/** A leave from the morning to the evening of the company's present day. */
async function asksForToday(page) {
  const id = await page.evaluate(() => crypto.randomUUID());
  const date = new Date().toLocaleDateString('sv', { timeZone: 'Asia/Shanghai' });
  const values = {
    type: 'annual',
    from: { date, half: 'am' },
    to: { date, half: 'pm' },
    reason: '今天家里有事',
  };
  await call(page, 'POST', '/approvals', { id, form: 'leave', values });
  return id;
}

async function seen(page, leave) {
  const card = page.getByRole('group').filter({ hasText: '团队今天' });
  await card.getByText('外出 0 · 有待办').waitFor();
  await card.getByText('团队今天').click();
  await card.getByText('今天没有人请假').waitFor();
  await page.goto(`${url}/todo/${leave}`);
  await page.getByRole('button', { name: '同意', exact: true }).click();
  await page.getByRole('dialog').locator('button[type=submit]').click();
  await expectText(page, 'team', '已通过');
  await page.goto(`${url}/todo`);
  await card.getByText('外出 1 · 有待办').waitFor();
  await card.getByText('团队今天').click();
  await card.getByText('请假：陈静').waitFor();
  await eventually('what waits for the clerk stands there', async () =>
    /^陈静：\d+ 项待办（最早 \S/.test(
      await card.getByRole('listitem').filter({ hasText: '陈静' }).textContent(),
    ),
  );
  await shot(page, 'team-phone-light');
}
