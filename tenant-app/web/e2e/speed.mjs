// How long a phone on a slow network waits, and how a room of 2,000 answers while others write in it. Printed, not
// asserted, but for what the page keeps: times are the machine's. It is run by name alone: `npm run e2e -- speed`.
import { fault, open, url, worker } from './harness.mjs';
import { call, id7, signIn } from './people.mjs';
import { box } from './rooms.mjs';

const times = 5;
const members = 2_000;
const nodesAtMost = 1_500;
const everyMs = 200;
const interactions = 40;
const bit = 1 / 8;

export async function speed(browser, administrator) {
  const clerk = await signIn(browser, administrator, '陈静');
  const login = await repeated(() => firstPaint(browser, '/login', {}));
  const first = await repeated(() => firstPaint(browser, '/todo', { state: clerk.state }));
  const { again, offline } = await fromTheWorker(browser, clerk);
  console.log(
    `  phone profile, median of ${times}, ms: sign-in ${login}, 待办 first ${first}, again ${again}, offline ${offline}`,
  );
  await largeRoom(browser, administrator);
}

/** A phone: 150 ms, 1.6 Mbit/s, a processor four times slower. */
async function phone(browser, options) {
  const page = await open(browser, 'phone', {
    size: 'phone',
    expected: [/ERR_INTERNET_DISCONNECTED|WebSocket/],
    ...options,
  });
  const devtools = await page.context().newCDPSession(page);
  const megabit = 1_000_000 * bit;
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 150,
    downloadThroughput: 1.6 * megabit,
    uploadThroughput: 0.75 * megabit,
  });
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  return page;
}

/** When the largest thing of a page was painted, in ms since it was asked for. */
async function painted(page, path) {
  await page.goto(url + path);
  await page.locator('main, form').first().waitFor();
  await page.waitForLoadState('networkidle').catch(() => undefined); // a socket stays open
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        new PerformanceObserver((list) => resolve(Math.round(list.getEntries().at(-1).startTime))).observe({
          type: 'largest-contentful-paint',
          buffered: true,
        });
      }),
  );
}

async function firstPaint(browser, path, options) {
  const page = await phone(browser, options);
  const took = await painted(page, path);
  await page.context().close();
  return took;
}

async function repeated(does) {
  const all = [];
  for (let i = 0; i < times; i++) all.push(await does());
  return median(all);
}

const median = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];

async function fromTheWorker(browser, clerk) {
  const page = await phone(browser, { state: clerk.state, keeps: true });
  await page.goto(`${url}/todo`);
  await worker(page);
  const again = await repeated(() => painted(page, '/todo'));
  await page.context().setOffline(true);
  const offline = await repeated(() => painted(page, '/todo'));
  await page.context().close();
  return { again, offline };
}

/** Somebody types and taps in a room of 2,000 in which five messages a second arrive. */
async function largeRoom(browser, administrator) {
  const desk = await open(browser, 'administrator', { state: administrator });
  await desk.goto(`${url}/me/about`);
  const room = await everybody(desk);
  for (const size of ['desktop', 'phone']) {
    const page =
      size === 'phone'
        ? await phone(browser, { state: administrator })
        : await open(browser, 'desk', { state: administrator });
    await page.goto(`${url}/chat/${room}`);
    await box(page).waitFor();
    const writing = write(desk, room);
    const slow = await interact(page);
    await writing;
    const nodes = await page.evaluate(() => document.getElementsByTagName('*').length);
    console.log(
      `  room of ${members} on the ${size}: ${nodes} nodes, slowest of ${interactions} interactions ${slow} ms`,
    );
    if (nodes > nodesAtMost)
      fault('speed', `a room of ${members} has ${nodes} nodes, more than ${nodesAtMost}`);
    await page.context().close();
  }
  await desk.context().close();
}

async function write(desk, room) {
  for (let i = 0; i < 100; i++) {
    await call(desk, 'POST', `/rooms/${room}/messages`, {
      id: id7(),
      kind: 'text',
      text: `第 ${i} 条，五条一秒`,
    });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Types and taps; gives the slowest interaction that the browser saw, in ms: 16 if none took longer than a frame. */
async function interact(page) {
  await page.evaluate(() => {
    globalThis.slowest = 16;
    new PerformanceObserver((list) => {
      for (const { interactionId, duration } of list.getEntries())
        if (interactionId > 0) globalThis.slowest = Math.max(globalThis.slowest, duration);
    }).observe({ type: 'event', durationThreshold: 16 });
  });
  for (let i = 0; i < interactions / 2; i++) {
    await box(page).press('a');
    await page
      .getByRole('button', { name: /^(表情|更多)$/ })
      .first()
      .click();
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  await new Promise((resolve) => setTimeout(resolve, everyMs)); // the last one is told of a little later
  return page.evaluate(() => globalThis.slowest);
}

/** Imports people until there are 2,000, and makes a room of all. */
async function everybody(desk) {
  const rows = Array.from(
    { length: members },
    (_, i) => `同事${String(i).padStart(4, '0')},L${i},${13_900_000_000 + i},全员部`,
  );
  await desk.evaluate(
    async (text) => {
      const answer = await fetch('/api/v1/people/import?makeMissing=true', {
        method: 'POST',
        headers: { 'Content-Type': 'application/octet-stream', 'Idempotency-Key': crypto.randomUUID() },
        body: new TextEncoder().encode(text),
      });
      if (!answer.ok) throw new Error(`import: ${answer.status} ${await answer.text()}`);
    },
    ['姓名,工号,手机号,部门', ...rows].join('\r\n'),
  );
  const ids = [];
  let next = '';
  do {
    const page = await call(desk, 'GET', `/people?limit=200${next && `&cursor=${encodeURIComponent(next)}`}`);
    ids.push(...page.items.map((p) => p.id));
    next = page.next ?? '';
  } while (next !== '');
  const me = (await call(desk, 'GET', '/me')).personId;
  const room = id7();
  const others = ids.filter((id) => id !== me).slice(0, members - 1);
  await call(desk, 'POST', '/rooms', { id: room, kind: 'group', name: '全员', memberIds: others });
  for (let i = 0; i < 120; i++)
    await call(desk, 'POST', `/rooms/${room}/messages`, {
      id: id7(),
      kind: 'text',
      text: `开头的第 ${i} 条`,
    });
  return room;
}
