// An administrator at a desk: adds, edits in conflict, imports, invites, deactivates; finds by pinyin.
import { agree, eventually, expectText, fault, open, shot, url } from './harness.mjs';

const csv = `姓名,工号,手机号,邮箱,部门,岗位,直属上级工号,入职日期
欧阳震华,E2E01,13711110001,oyzh@acme.example,研发中心/平台组,架构师,,2024-03-01
阿卜杜拉·买买提,E2E02,13711110002,,新市场部,销售,,2023-07-15
手机错误,E2E03,123,,研发中心,,,
`;

export async function administer(browser, state) {
  // Chromium writes refused requests to the console; these are provoked.
  const page = await open(browser, 'administer', { state, expected: [/status of 4(09|12|22)/] });
  await page.goto(`${url}/directory`);
  await expectText(page, 'tree', '云杉科技有限公司');
  await importPeople(page);
  await findByPinyin(page);
  await addAndConflict(page, browser, state);
  await invite(page, browser);
  await deactivate(page);
  await departments(page);
  await positions(page);
  await avatar(page);
  await page.context().close();
}

async function avatar(page) {
  await page.goto(`${url}/me/profile`);
  await page.getByRole('button', { name: '更换头像' }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: '选择照片' }).click();
  await (await chooser).setFiles(new URL('../public/icons/icon-512.png', import.meta.url).pathname);
  await page.getByRole('button', { name: '保存' }).click();
  await expectText(page, 'avatar', '头像已更换');
  await eventually('the picture is shown', () =>
    page.evaluate(() =>
      [...document.images].some((i) => i.src.includes('/files/avatars/') && i.naturalWidth > 0),
    ),
  );
  await shot(page, 'avatar-desktop-light');
}

async function importPeople(page) {
  await page.goto(`${url}/admin/import`);
  await shot(page, 'import-1-desktop-light');
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: '选择文件' }).click();
  await (await chooser).setFiles({ name: '人员.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  await expectText(page, 'import', '将建立部门');
  await shot(page, 'import-2-desktop-light');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: '下载失败的 1 行' }).click();
  if (!(await download).suggestedFilename().endsWith('.xlsx')) fault('import', 'failed rows are no xlsx');
  await page.getByRole('button', { name: '导入 2 人' }).click();
  await expectText(page, 'import', '新增 2 人，更新 0 人，失败 1 行。');
  await shot(page, 'import-3-desktop-light');
}

async function findByPinyin(page) {
  await page.goto(`${url}/directory`);
  await page.getByRole('searchbox').fill('oyzh');
  const hit = page.getByRole('link', { name: /欧阳震华/ });
  await hit.click();
  await expectText(page, 'find', 'ou yang zhen hua');
  await shot(page, 'search-desktop-light');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('欧阳');
  await page.getByRole('option', { name: /欧阳震华/ }).waitFor();
  await shot(page, 'palette-desktop-light');
  // The Enter that accepts what an input method offers must not choose.
  const before = page.url();
  await page
    .getByRole('combobox')
    .dispatchEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true });
  if (page.url() !== before || !(await page.getByRole('combobox').isVisible()))
    fault('palette', 'acts while an input method composes');
  await page.keyboard.press('Enter');
  await page.waitForURL(/person=/);
}

async function addAndConflict(page, browser, state) {
  await page.goto(`${url}/directory`);
  await page.getByRole('button', { name: '添加人员' }).click();
  await page.getByRole('textbox', { name: '姓名' }).fill('测试员');
  await page.getByRole('textbox', { name: '工号' }).fill('E2E10');
  await page.getByRole('textbox', { name: '手机' }).fill('12345');
  await page.getByRole('button', { name: '保存' }).click();
  await expectText(page, 'add', '手机号不正确');
  await shot(page, 'add-fault-desktop-light');
  await page.getByRole('textbox', { name: '手机' }).fill('13711110010');
  await page.getByRole('button', { name: '保存' }).click();
  await page.waitForURL(/person=/);
  await page.getByRole('button', { name: '编辑资料' }).click();
  await page.getByRole('textbox', { name: '邮箱' }).fill('mine@acme.example');

  const other = await open(browser, 'other', { state });
  await other.goto(page.url());
  await other.getByRole('button', { name: '编辑资料' }).click();
  await other.getByRole('textbox', { name: '工号' }).fill('E2E11');
  await other.getByRole('button', { name: '保存' }).click();
  await expectText(other, 'conflict', '已保存');
  await other.context().close();

  await page.getByRole('button', { name: '保存' }).click();
  await expectText(page, 'conflict', '刚刚有人改过这份资料');
  await shot(page, 'conflict-desktop-light');
  await page.getByRole('button', { name: '保留我的修改' }).click();
  await expectText(page, 'conflict', 'mine@acme.example');
  await expectText(page, 'conflict', 'E2E11');
}

async function invite(page, browser) {
  await page.getByRole('button', { name: '更多操作' }).click();
  await page.getByRole('menuitem', { name: '邀请登录' }).waitFor();
  await shot(page, 'menu-desktop-light');
  await page.getByRole('menuitem', { name: '邀请登录' }).click();
  await page.getByRole('button', { name: '生成链接' }).click();
  await page.getByRole('img', { name: '邀请二维码' }).waitFor();
  await shot(page, 'invite-desktop-light');
  await page.getByRole('button', { name: '复制邀请文字' }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const link = copied.match(/http:\/\/\S+?(?=（)/)?.[0];
  if (!link) return fault('invite', `no link in “${copied}”`);
  const guest = await open(browser, 'invited');
  await guest.goto(link);
  await guest.fill('#password', '另一句很长很长的口令');
  await guest.fill('#repeat', '另一句很长很长的口令');
  await guest.click('button[type=submit]');
  await agree(guest);
  await guest.waitForURL(/\/chat/);
  await guest.goto(`${url}/directory`);
  await expectText(guest, 'invited', '云杉科技有限公司');
  if ((await guest.getByRole('link', { name: '管理' }).count()) > 0)
    fault('invited', 'sees the administration');
  await guest.goto(`${url}/admin/people`);
  await expectText(guest, 'invited', '没有权限');
  await shot(guest, 'forbidden-desktop-light');
  await guest.context().close();
  await page.keyboard.press('Escape');
}

async function deactivate(page) {
  await page.getByRole('button', { name: '更多操作' }).click();
  await page.getByRole('menuitem', { name: '停用账号' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '停用账号' }).waitFor();
  await shot(page, 'deactivate-desktop-light');
  await page.getByRole('dialog').getByRole('button', { name: '停用账号' }).click();
  await expectText(page, 'deactivate', '已停用');
  await page.goto(`${url}/directory/deactivated`);
  await page.getByRole('link', { name: /测试员/ }).click();
  await shot(page, 'deactivated-desktop-light');
  await page.getByRole('button', { name: '更多操作' }).click();
  await page.getByRole('menuitem', { name: '恢复账号' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '恢复账号' }).click();
  await expectText(page, 'reactivate', '已恢复');
}

async function departments(page) {
  await page.goto(`${url}/admin/departments`);
  await page.getByRole('button', { name: '添加部门' }).click();
  await page.getByRole('textbox', { name: '部门名称' }).fill('督办室');
  await page.getByRole('button', { name: '保存' }).click();
  await expectText(page, 'departments', '部门已添加');
  const row = page.getByRole('button', { name: '“督办室”的操作' });
  await row.click();
  await page.getByRole('menuitem', { name: '上移' }).click();
  await row.click();
  await page.getByRole('menuitem', { name: '设置负责人' }).click();
  await page.getByLabel('添加负责人').and(page.locator('input')).fill('ouyang');
  await page.getByRole('option', { name: /欧阳震华/ }).click();
  await shot(page, 'heads-desktop-light');
  await page.getByRole('button', { name: '保存' }).click();
  await expectText(page, 'departments', '负责人 欧阳震华');
  await row.click();
  await page.getByRole('menuitem', { name: '移动' }).last().click();
  await page.getByLabel('放在哪个部门下').and(page.locator('input')).click();
  await page.getByRole('option', { name: '新市场部', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: '移动' }).click();
  await expectText(page, 'departments', '部门已移动');
  await row.click();
  await page.getByRole('menuitem', { name: '删除' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '删除' }).click();
  await expectText(page, 'departments', '部门已删除');
}

async function positions(page) {
  await page.goto(`${url}/admin/positions`);
  await page.getByLabel('岗位名称').fill('档案管理员');
  await page.getByRole('button', { name: '添加' }).click();
  await page.getByRole('button', { name: '“档案管理员”的操作' }).click();
  await page.getByRole('menuitem', { name: '改名' }).click();
  await page.getByRole('dialog').getByLabel('岗位名称').fill('档案专员');
  await page.getByRole('button', { name: '保存' }).click();
  await expectText(page, 'positions', '名称已修改');
  await page.getByRole('button', { name: '“销售”的操作' }).click();
  await page.getByRole('menuitem', { name: '删除' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '删除' }).click();
  await expectText(page, 'positions', '人在这个岗位上，不能删除');
}
