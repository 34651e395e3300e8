// Where things are in 消息.
import { url } from './harness.mjs';

export const box = (page) => page.getByRole('textbox', { name: '消息内容' });
export const room = (page, name) => page.getByRole('list', { name: '会话' }).getByRole('link', { name });
export const said = (page, text) =>
  page.getByRole('list', { name: '消息记录' }).getByText(text, { exact: true });

export async function say(page, text) {
  await box(page).fill(text);
  await page.getByRole('button', { name: '发送' }).click();
}

/** Opens the direct chat with somebody who is found by name, and says something. */
export async function writesTo(page, name, text) {
  await page.goto(`${url}/chat`);
  await page.getByRole('searchbox', { name: '搜索会话和同事' }).fill(name);
  await page.getByRole('button', { name: new RegExp(name) }).click();
  await say(page, text);
  await said(page, text).waitFor();
}
