// Places at both sizes and in both schemes, for the eye and for axe. breadth.mjs comes to all that stand in the list:
// they are gone to for their pictures alone.
import { everywhere, open, pictures, shot, shots, url } from './harness.mjs';

const places = [
  ['chat', '/chat'],
  ['directory', '/directory'],
  ['all', '/directory/all'],
  ['admin', '/admin'],
  ['people', '/admin/people'],
  ['departments', '/admin/departments'],
  ['positions', '/admin/positions'],
  ['import', '/admin/import'],
  ['consents', '/admin/consents'],
  ['terms', '/auth/terms'],
  ['policy', '/auth/privacy'],
  ['agreed', '/auth/consent'],
  ['me', '/me'],
  ['profile', '/me/profile'],
  ['appearance', '/me/appearance'],
  ['devices', '/me/devices'],
  ['outbox', '/me/outbox'],
  ['password', '/me/password'],
  ['start', '/me/start'],
  ['help', '/me/help'],
  ['about', '/me/about'],
  ['nothing', '/no-such-page'],
];

export async function look(browser, state) {
  await everywhere(async (size) => {
    const page = await open(browser, `look ${size}`, { size, state });
    for (const [name, path] of pictures ? places : []) {
      await page.goto(url + path);
      await page.locator('main').waitFor();
      await shots(page, `${name}-${size}`);
    }
    await inside(page, size);
    await page.context().close();
  });
  await english(browser, state);
  await zoomed(browser, state);
}

/** A department with a person, and the form. */
async function inside(page, size) {
  await page.goto(`${url}/directory/all`);
  await page.getByRole('list', { name: '人员' }).getByRole('link').nth(1).click();
  await page.getByRole('heading', { level: 2 }).waitFor();
  await shots(page, `person-${size}`);
  await page.getByRole('button', { name: '编辑资料' }).click();
  await page.getByRole('textbox', { name: '姓名' }).waitFor();
  await shots(page, `edit-${size}`);
  await page.getByRole('button', { name: '取消' }).click();
  await page.goto(`${url}/directory`);
  if (size === 'phone')
    await page
      .getByRole('link', { name: /研发中心/ })
      .first()
      .click();
  else await page.getByRole('treeitem', { name: /研发中心/ }).click();
  await page.getByRole('heading', { name: '研发中心' }).waitFor();
  await shots(page, `department-${size}`);
  await page.getByRole('searchbox').fill('没有这个人');
  await page.getByText('没有找到“没有这个人”').waitFor();
  await shots(page, `nobody-${size}`);
}

async function english(browser, state) {
  const page = await open(browser, 'english', { state });
  await page.goto(`${url}/me/appearance`);
  await page.getByText('English').click();
  await page.getByRole('heading', { name: 'Look and language' }).waitFor();
  await shot(page, 'english-appearance');
  await page.goto(`${url}/directory`);
  await shot(page, 'english-directory');
  await page.goto(`${url}/admin/import`);
  await shot(page, 'english-import');
  await page.goto(`${url}/me/appearance`);
  await page.getByText('中文').click();
  await page.getByRole('heading', { name: '外观与语言' }).waitFor();
  await page.context().close();
}

/** 200 % zoom at 1440 is a page of 720 by 450 points. */
async function zoomed(browser, state) {
  const page = await open(browser, 'zoomed', { state });
  await page.setViewportSize({ width: 720, height: 450 });
  for (const path of ['/directory', '/directory/all', '/admin/departments', '/me/profile']) {
    await page.goto(url + path);
    await page.locator('main').waitFor();
    await shot(page, `zoom${path.replaceAll('/', '-')}`);
  }
  await page.context().close();
}
