// Outsiders: a 对接人 invites one, and what the one sees then.
import { agree, expectText, fault, open, shot, url } from './harness.mjs';

/** Invites somebody of a supplier that is new, from the phone of who will be their 对接人; gives the link. */
export async function inviteGuest(page, { name, company, mail }) {
  await page.goto(`${url}/me/guests`);
  await page.getByRole('button', { name: '邀请外部人员' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: '姓名' }).fill(name);
  await dialog.getByRole('button', { name: '新单位' }).click();
  await dialog.getByRole('textbox', { name: '单位名称' }).fill(company);
  await dialog.getByRole('combobox', { name: '类型' }).click();
  await page.getByRole('option', { name: '供应商' }).click();
  await dialog.getByRole('button', { name: '添加单位' }).click();
  await dialog.getByRole('textbox', { name: '邮箱' }).fill(mail);
  await shot(page, 'guest-new-phone-light');
  await dialog.getByRole('button', { name: '保存并生成邀请' }).click();
  await page.getByRole('button', { name: '生成链接' }).click();
  await page.getByRole('img', { name: '邀请二维码' }).waitFor();
  await page.getByRole('button', { name: '复制邀请文字' }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  return copied.match(/http:\/\/\S+?(?=（)/)?.[0] ?? fault('guests', `no link in “${copied}”`);
}

/** Takes an invitation: in the directory stands the 对接人, and nothing of hidden; no place for staff is there. */
export async function asGuest(browser, link, liaison, hidden) {
  const guest = await open(browser, 'guest', { size: 'phone', expected: [/status of 40[34]/] });
  await guest.goto(link);
  await guest.fill('#password', '又一句很长很长的口令');
  await guest.fill('#repeat', '又一句很长很长的口令');
  await guest.click('button[type=submit]');
  await agree(guest);
  await guest.waitForURL(/\/chat/);
  for (const name of ['待办', '工作台', '管理'])
    if ((await guest.getByRole('link', { name, exact: true }).count()) > 0) fault('guest', `has ${name}`);
  await guest.goto(`${url}/directory`);
  await expectText(guest, 'guest', liaison);
  for (const name of hidden) if ((await guest.getByText(name).count()) > 0) fault('guest', `sees ${name}`);
  return guest;
}
