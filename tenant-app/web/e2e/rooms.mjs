// Where things are in 消息.

export const box = (page) => page.getByRole('textbox', { name: '消息内容' });
export const room = (page, name) => page.getByRole('list', { name: '会话' }).getByRole('link', { name });
export const said = (page, text) =>
  page.getByRole('list', { name: '消息记录' }).getByText(text, { exact: true });

export async function say(page, text) {
  await box(page).fill(text);
  await page.getByRole('button', { name: '发送' }).click();
}
