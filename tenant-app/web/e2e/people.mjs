// People of the seeded company who are signed in: the administrator invites them, they set a password.
import { agree, open, url } from './harness.mjs';

export const password = '窗外的雨又下了一整夜';

/** Runs in the page of an administrator: a link for the person with this name. */
async function invite(name) {
  const headers = () => ({ 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() });
  const found = await (await fetch(`/api/v1/people?q=${encodeURIComponent(name)}`)).json();
  const person = found.items.find((p) => p.name === name);
  const made = await fetch(`/api/v1/people/${person.id}/invitation`, { method: 'POST', headers: headers() });
  return { id: person.id, link: (await made.json()).url };
}

const known = new Map();

/** Signs somebody in, once a run, and gives the state of their browser, and their id. */
export function signIn(browser, administrator, name) {
  if (!known.has(name)) known.set(name, enter(browser, administrator, name));
  return known.get(name);
}

async function enter(browser, administrator, name) {
  const page = await open(browser, 'administrator', { state: administrator });
  await page.goto(`${url}/me/about`);
  const { id, link } = await page.evaluate(invite, name);
  await page.context().close();
  const own = await open(browser, name);
  await own.goto(link);
  await own.fill('#password', password);
  await own.fill('#repeat', password);
  await own.click('button[type=submit]');
  await agree(own);
  await own.waitForURL(/\/chat/);
  const state = await own.context().storageState();
  await own.context().close();
  return { id, state, name };
}

/** Runs in the page: calls the API as the person who is signed in. */
export const call = (page, method, path, body) =>
  page.evaluate(
    async ([m, p, b]) => {
      const answer = await fetch(`/api/v1${p}`, {
        method: m,
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
        ...(b === undefined ? {} : { body: JSON.stringify(b) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${m} ${p}: ${answer.status} ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
    [method, path, body],
  );

/** An id as the page makes them. */
export const id7 = () => crypto.randomUUID().replace(/^(.{14})4/, '$17');
