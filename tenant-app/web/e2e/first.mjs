// The first administrator opens the one-time link and lands in the app.
import { expectText, open, pictures, shot, shots, url } from './harness.mjs';

export async function firstAdministrator(browser) {
  console.log('first');
  const page = await open(browser, 'first', { size: 'phone' });
  await page.goto(process.env.E2E_FIRST);
  await shots(page, 'first-link-phone');
  if (pictures) await atDesk(browser, 'first-link', process.env.E2E_FIRST, '开通管理员账号');
  await page.fill('#name', '王芳');
  await page.fill('#phone', '13800000001');
  await page.fill('#password', '云杉树下有一间办公室');
  await page.fill('#repeat', '云杉树下有一间办公室');
  await page.click('button[type=submit]');
  await page.waitForURL(/\/auth\/consent/);
  await shots(page, 'first-consent-phone');
  const here = () => page.context().storageState();
  if (pictures) await atDesk(browser, 'first-consent', page.url(), '使用前请阅读并同意', await here());
  await page.getByRole('button', { name: '暂不同意' }).click();
  await expectText(page, 'first', '您选择了暂不同意');
  await shot(page, 'consent-refused-phone-light');
  await page.getByRole('link', { name: '再看一遍' }).click();
  await page.getByRole('button', { name: '同意并进入' }).click();
  await expectText(page, 'first', '欢迎来到');
  await shots(page, 'first-tour-phone');
  if (pictures) await atDesk(browser, 'first-tour', url, '欢迎来到', await here());
  await page.getByRole('button', { name: '下一个' }).click();
  await page.getByRole('button', { name: '跳过' }).click();
  await page.waitForURL(/\/chat/);
  await expectText(page, 'first', '还没有会话');
  const state = await page.context().storageState();
  await page.context().close();
  return state;
}

/** The same at a desk, for its pictures. */
async function atDesk(browser, name, address, text, state) {
  const page = await open(browser, name, { state });
  await page.goto(address);
  await expectText(page, name, text);
  await shots(page, `${name}-desktop`);
  await page.context().close();
}
