// Copies (抄送) in 待办: one is opened, one is chosen, the others are read at once.
import { eventually, shot, url } from './harness.mjs';
import { call } from './people.mjs';

const lines = (page) => page.getByRole('list', { name: '待办事项' }).getByRole('listitem');

/** The clerk copies approvals to the head, who reads them; nothing is left then. */
export async function copies(desk, phone, head) {
  const { items } = await call(phone, 'GET', '/approvals?box=mine');
  const copied = items.slice(0, 3);
  await desk.goto(`${url}/todo`); // first: a copy of what is open there counts as read at once
  for (const { id } of copied) await call(phone, 'POST', `/approvals/${id}/cc`, { to: [head.id] });
  await desk.getByRole('button', { name: `抄送 ${copied.length}` }).click();
  await lines(desk).first().getByRole('link').click();
  await eventually('what was opened is read', async () => (await lines(desk).count()) === copied.length - 1);
  await lines(desk).first().getByRole('checkbox').check();
  await shot(desk, 'todo-copies-desktop-light');
  await desk.getByRole('button', { name: '标为已读（1）' }).click();
  await eventually('what was chosen is read', async () => (await lines(desk).count()) === copied.length - 2);
  await desk.getByRole('button', { name: '全部标为已读' }).click();
  await desk.getByText('没有待办').waitFor();
}
