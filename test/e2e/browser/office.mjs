// What a company's administrator does in the browser. Reads what to do as JSON on
// standard input, writes what was seen as JSON on standard output:
//
//   {do: 'activate', link, name, phone, password, width, dir, shots}
//   {do: 'import', origin, phone, password, file, find: [{type, name}], width, dir, shots}
//   {do: 'look', links: [], width, dir, shots}
import { text } from 'node:stream/consumers';
import { limit, open } from './browser.mjs';

const job = JSON.parse(await text(process.stdin));
const browser = await open({ width: job.width, dir: job.dir, name: job.shots });
const { page } = browser;
const seen = { found: [] };

const tasks = { activate, import: importPeople, look };
try {
  await tasks[job.do]();
} catch (error) {
  seen.failed = error.message;
  await page.screenshot({ path: `${job.dir}/${job.shots}-${job.width}-failed.png` }).catch(() => {});
}
seen.defects = browser.defects;
seen.at = page.url().split('?')[0];
await browser.close();
process.stdout.write(JSON.stringify(seen));

// activate uses the first administrator's link.
async function activate() {
  await page.goto(job.link);
  await browser.look('first-link');
  await page.locator('#name').fill(job.name);
  await page.locator('#phone').fill(job.phone);
  await page.locator('#password').fill(job.password);
  await page.locator('#repeat').fill(job.password);
  await page.locator('form[method=post] button[type=submit]').click();
  await inside();
  await browser.look('first-sight');
}

async function inside() {
  await page.waitForURL((url) => !/^\/(login|auth)\b/.test(url.pathname));
  await page.getByRole('navigation').first().waitFor();
}

// importPeople signs in, brings a file of people in and looks for some of them.
async function importPeople() {
  await page.goto(job.origin);
  await page.waitForURL((url) => url.pathname === '/login');
  await browser.look('sign-in');
  await page.locator('#name').fill(job.phone);
  await page.locator('#password').fill(job.password);
  await page.locator('form[method=post] button[type=submit]').click();
  await inside();

  await page.goto(`${job.origin}/admin/import`);
  await page.locator('input[type=file]').setInputFiles(job.file);
  const confirm = page.getByRole('button', { name: /^导入 \d+ 人/ });
  await confirm.waitFor();
  await browser.look('import-dry-run');
  await confirm.click();
  await page.getByText('导入完成').first().waitFor();
  await browser.look('import-done');

  for (const { type, name } of job.find) {
    await page.goto(`${job.origin}/directory`);
    await page.getByRole('searchbox').first().fill(type);
    await page.getByText(name, { exact: true }).first().waitFor({ timeout: limit });
    seen.found.push(name);
  }
  await browser.look('found-by-pinyin');
}

// look opens pages as somebody does who follows a link.
async function look() {
  seen.pages = [];
  for (const link of job.links) {
    const response = await page.goto(link);
    seen.pages.push({ status: response.status(), title: await page.title(), text: await page.locator('body').innerText() });
    await browser.look('page');
  }
}
