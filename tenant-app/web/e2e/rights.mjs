// Roles, reasons and outsiders: what an administrator narrows is gone for a clerk; a guest has their 对接人 and nothing else.
import { asGuest, inviteGuest } from './guests.mjs';
import { eventually, everywhere, expectText, fault, open, shot, shots, url } from './harness.mjs';
import { signIn } from './people.mjs';
import { room, writesTo } from './rooms.mjs';

export async function rights(browser, administrator) {
  const clerk = await signIn(browser, administrator, '曾玉梅');
  const desk = await open(browser, 'rights', { state: administrator });
  const phone = await open(browser, 'narrowed', {
    state: clerk.state,
    size: 'phone',
    expected: [/status of 40[34]/],
  });
  await narrow(desk, phone);
  await explain(desk);
  const guest = { name: '林晓·供应商', company: '长风电子', mail: 'lin@changfeng.example' };
  const link = await inviteGuest(phone, guest);
  await shot(phone, 'guest-invited-phone-light');
  await phone.keyboard.press('Escape');
  await expectText(phone, 'guests', '长风电子');
  await guestInChat(browser, link, phone);
  await desk.context().close();
  await phone.context().close();
  await pictures(browser, administrator, clerk);
}

/** The rights of 员工, opened from the list of roles. */
async function staff(page) {
  await page.goto(`${url}/admin/roles`);
  await page.getByRole('link', { name: /^员工/ }).click();
  await page.getByRole('heading', { name: '员工' }).waitFor();
}

const scope = (page, name) => page.getByRole('radio', { name: `查看，范围：${name}` }).first();

async function narrow(desk, phone) {
  await phone.goto(`${url}/directory`);
  await expectText(phone, 'rights', '研发中心');
  await staff(desk);
  await scope(desk, '本部门及下级').check({ force: true });
  await desk.getByRole('checkbox', { name: '手机' }).first().check();
  await desk.getByRole('button', { name: '保存' }).click();
  await expectText(desk, 'rights', '权限已保存，立即生效');
  await phone.reload();
  await eventually(
    'departments of others are gone',
    async () => (await phone.getByText('研发中心').count()) === 0,
  );
  await shot(phone, 'narrowed-phone-light');
}

async function explain(desk) {
  await desk.goto(`${url}/admin/explain`);
  await desk.getByRole('combobox', { name: '谁' }).fill('曾玉梅');
  await desk.getByRole('option', { name: /曾玉梅/ }).click();
  await expectText(desk, 'explain', '全体员工');
  await shot(desk, 'explain-holdings-desktop-light');
  await desk.getByRole('combobox', { name: '做什么' }).click();
  await desk.getByRole('option', { name: '通讯录 · 查看 · 人员' }).click();
  await desk.getByRole('combobox', { name: '对象' }).fill('任重');
  await desk.getByRole('option', { name: /任重/ }).click();
  await expectText(desk, 'explain', '曾玉梅不可以：任重');
  await shot(desk, 'explain-no-desktop-light');
  await desk.getByRole('button', { name: /单独授权/ }).click();
  await expectText(desk, 'explain', '曾玉梅可以：任重');
  await shot(desk, 'explain-yes-desktop-light');
}

async function guestInChat(browser, link, phone) {
  const guest = await asGuest(browser, link, '曾玉梅', ['任重', '研发中心', '王芳']);
  await shot(guest, 'guest-directory-phone-light');
  await guest.goto(`${url}/admin/people`);
  await expectText(guest, 'guest', '没有权限');
  await guest.goto(`${url}/me/guests`);
  await shot(guest, 'guest-me-phone-light');
  if ((await guest.getByRole('link', { name: '外部人员' }).count()) > 0) fault('guest', 'may invite others');
  await writesTo(guest, '曾玉梅', '样品明天到。');
  await phone.goto(`${url}/chat`);
  await expectText(phone, 'guest', '外部');
  await shot(phone, 'guest-in-chat-phone-light');
  await room(phone, /林晓/).click();
  await expectText(phone, 'guest', '样品明天到。');
  await shot(phone, 'guest-room-phone-light');
  await guest.context().close();
}

/** Each page for the eye, at both sizes and in both schemes. */
async function pictures(browser, administrator, clerk) {
  await everywhere(async (size) => {
    const page = await open(browser, `rights ${size}`, { size, state: administrator });
    await page.goto(`${url}/admin/roles`);
    await page.getByRole('link', { name: /^员工/ }).waitFor();
    await shots(page, `roles-${size}`);
    await staff(page);
    await shots(page, `role-${size}`);
    await page.goto(`${url}/admin/explain`);
    await page.getByRole('combobox', { name: '谁' }).fill('曾玉梅');
    await page.getByRole('option', { name: /曾玉梅/ }).click();
    await expectText(page, 'explain', '全体员工');
    await shots(page, `explain-${size}`);
    await page.context().close();
    const own = await open(browser, `guests ${size}`, { size, state: clerk.state });
    await own.goto(`${url}/me/guests`);
    await expectText(own, 'guests', '长风电子');
    await shots(own, `guests-${size}`);
    await own.getByText('单位', { exact: true }).click();
    await expectText(own, 'guests', '1 位外部人员');
    await shots(own, `organisations-${size}`);
    await own.context().close();
  });
}
