// Two people do their work without network (tenant-app/web/e2e/lift.mjs). Reads {head, clerk}, each {id, name, password},
// as JSON on standard input; E2E_URL is the company's address. The last line of standard output is JSON:
// {rows: [{what, made, sent, arrived}], defects}.
import { text } from 'node:stream/consumers';
import { agree, fault, faults, launch, open, url } from '../../../tenant-app/web/e2e/harness.mjs';
import { lift } from '../../../tenant-app/web/e2e/lift.mjs';

const { head, clerk } = JSON.parse(await text(process.stdin));
const browser = await launch();
let rows = [];
try {
  for (const person of [head, clerk]) person.state = await enter(person);
  rows = await lift(browser, head, clerk);
} catch (error) {
  fault('lift', error.message);
}
await browser.close();
console.log(JSON.stringify({ rows, defects: faults }));

/** Signs somebody in and gives the state of their browser. */
async function enter(person) {
  const page = await open(browser, person.name);
  await page.goto(`${url}/login`);
  await page.fill('#name', person.name);
  await page.fill('#password', person.password);
  await page.click('button[type=submit]');
  await agree(page);
  await page.waitForURL(/\/chat/);
  const state = await page.context().storageState();
  await page.context().close();
  return state;
}
