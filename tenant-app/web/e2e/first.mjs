// The first administrator opens the one-time link and lands in the app.
import { expectText, open, shot } from './harness.mjs';

export async function firstAdministrator(browser) {
  console.log('first');
  const page = await open(browser, 'first', { size: 'phone' });
  await page.goto(process.env.E2E_FIRST);
  await shot(page, 'first-link-phone');
  await page.fill('#name', '王芳');
  await page.fill('#phone', '13800000001');
  await page.fill('#password', '云杉树下有一间办公室');
  await page.fill('#repeat', '云杉树下有一间办公室');
  await page.click('button[type=submit]');
  await page.waitForURL(/\/auth\/consent/);
  await shot(page, 'consent-phone');
  await page.getByRole('button', { name: '暂不同意' }).click();
  await expectText(page, 'first', '您选择了暂不同意');
  await shot(page, 'consent-refused-phone');
  await page.getByRole('link', { name: '再看一遍' }).click();
  await page.getByRole('button', { name: '同意并进入' }).click();
  await expectText(page, 'first', '欢迎来到');
  await shot(page, 'tour-phone');
  await page.getByRole('button', { name: '下一个' }).click();
  await page.getByRole('button', { name: '跳过' }).click();
  await page.waitForURL(/\/chat/);
  await expectText(page, 'first', '还没有会话');
  const state = await page.context().storageState();
  await page.context().close();
  return state;
}
