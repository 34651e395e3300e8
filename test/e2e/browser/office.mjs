// What a company's administrator does in the browser. Reads what to do as JSON on
// standard input; the last line of standard output says as JSON what was seen:
//
//   {do: 'activate', link, name, phone, password, size, shots}
//   {do: 'import', origin, phone, password, file, find: [{type, name}], size, shots}
//   {do: 'look', link, size, shots}
//
// size is desktop or phone; pictures go to the folder E2E_OUT and are called shots-….
import { text } from 'node:stream/consumers';
import { faults, launch, open, shot } from '../../../tenant-app/web/e2e/harness.mjs';

const job = JSON.parse(await text(process.stdin));
const name = `${job.shots}-${job.size}`;
const seen = { found: [] };

const browser = await launch();
const page = await open(browser, `${job.do} on a ${job.size}`, { size: job.size });
const tasks = { activate, import: importPeople, look };
try {
  await tasks[job.do]();
} catch (error) {
  seen.failed = error.message;
  await page.screenshot({ path: `${process.env.E2E_OUT}/${name}-failed.png` }).catch(() => {});
}
seen.defects = faults;
seen.at = page.url().split('?')[0];
await browser.close();
console.log(JSON.stringify(seen));

// activate uses the first administrator's link.
async function activate() {
  await page.goto(job.link);
  await shot(page, `${name}-1-first-link`);
  await page.fill('#name', job.name);
  await page.fill('#phone', job.phone);
  await page.fill('#password', job.password);
  await page.fill('#repeat', job.password);
  await page.click('button[type=submit]');
  await page.waitForURL(/\/directory/);
  await shot(page, `${name}-2-first-sight`);
}

// importPeople signs in, brings a file of people in and looks for some of them.
async function importPeople() {
  await page.goto(job.origin);
  await page.waitForURL(/\/login/);
  await shot(page, `${name}-3-sign-in`);
  await page.fill('#name', job.phone);
  await page.fill('#password', job.password);
  await page.click('button[type=submit]');
  await page.waitForURL(/\/directory/);

  await page.goto(`${job.origin}/admin/import`);
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: '选择文件' }).click();
  await (await chooser).setFiles(job.file);
  const confirm = page.getByRole('button', { name: `导入 ${job.find.length} 人` });
  await confirm.waitFor();
  await shot(page, `${name}-4-import`);
  await confirm.click();
  await page.getByText('导入完成').first().waitFor();
  await shot(page, `${name}-5-imported`);

  for (const { type, name: person } of job.find) {
    await page.goto(`${job.origin}/directory`);
    await page.getByRole('searchbox').first().fill(type);
    await page.getByRole('link', { name: new RegExp(person) }).first().waitFor();
    seen.found.push(person);
  }
  await shot(page, `${name}-6-found`);
}

// look opens a page as somebody does who follows a link.
async function look() {
  const response = await page.goto(job.link);
  seen.status = response.status();
  seen.text = await page.locator('body').innerText();
  await shot(page, name);
}
