// What companies' administrators do in the browser. Reads a list of visits as JSON on
// standard input; the last line of standard output says as JSON what each one saw:
//
//   {do: 'activate', link, name, phone, password, size, shots}
//   {do: 'import', origin, phone, password, file, find: [{type, name}], size, shots}
//   {do: 'look', link, size, shots}
//
// size is desktop or phone; pictures go to the folder E2E_OUT and are called shots-….
import { text } from 'node:stream/consumers';
import { agree, faults, launch, open, shot } from '../../../tenant-app/web/e2e/harness.mjs';

const tasks = { activate, import: importPeople, look };
const visits = JSON.parse(await text(process.stdin));
const browser = await launch();
const sights = [];
for (const visit of visits) sights.push(await go(visit));
await browser.close();
console.log(JSON.stringify(sights));

// go makes one visit in a window of its own, with nobody signed in.
async function go(visit) {
  const name = `${visit.shots}-${visit.size}`;
  const page = await open(browser, `${visit.do} ${visit.shots} on a ${visit.size}`, { size: visit.size });
  const seen = { found: [] };
  const before = faults.length;
  try {
    await tasks[visit.do](page, visit, name, seen);
  } catch (error) {
    seen.failed = error.message;
    await page.screenshot({ path: `${process.env.E2E_OUT}/${name}-failed.png` }).catch(() => {});
  }
  seen.defects = faults.slice(before);
  seen.at = page.url().split('?')[0];
  await page.context().close();
  return seen;
}

// activate uses the first administrator's link.
async function activate(page, visit, name) {
  await page.goto(visit.link);
  await shot(page, `${name}-1-first-link`);
  await page.fill('#name', visit.name);
  await page.fill('#phone', visit.phone);
  await page.fill('#password', visit.password);
  await page.fill('#repeat', visit.password);
  await page.click('button[type=submit]');
  await agree(page);
  await page.waitForURL(/\/chat/);
  await shot(page, `${name}-2-first-sight`);
}

// importPeople signs in, brings a file of people in and looks for some of them.
async function importPeople(page, visit, name, seen) {
  await page.goto(visit.origin);
  await page.waitForURL(/\/login/);
  await shot(page, `${name}-3-sign-in`);
  await page.fill('#name', visit.phone);
  await page.fill('#password', visit.password);
  await page.click('button[type=submit]');
  await page.waitForURL(/\/chat/);

  await page.goto(`${visit.origin}/admin/import`);
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: '选择文件' }).click();
  await (await chooser).setFiles(visit.file);
  const confirm = page.getByRole('button', { name: `导入 ${visit.find.length} 人` });
  await confirm.waitFor();
  await shot(page, `${name}-4-import`);
  await confirm.click();
  await page.getByText('导入完成').first().waitFor();
  await shot(page, `${name}-5-imported`);

  for (const { type, name: person } of visit.find) {
    await page.goto(`${visit.origin}/directory`);
    await page.getByRole('searchbox').first().fill(type);
    await page.getByRole('link', { name: new RegExp(person) }).first().waitFor();
    seen.found.push(person);
  }
  await shot(page, `${name}-6-found`);
}

// look opens a page as somebody does who follows a link.
async function look(page, visit, name, seen) {
  const response = await page.goto(visit.link);
  seen.status = response.status();
  seen.text = await page.locator('body').innerText();
  await shot(page, name);
}
