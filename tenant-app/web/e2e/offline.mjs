// Without network: what was read stays readable, signing out forgets it, and a device that never was here says so.
import { eventually, expectText, fault, open, picture, shot, url, worker } from './harness.mjs';
import { wrongs } from './sound.mjs';

/** Runs in the page: whether the list of people can be read later. */
async function keptPeople() {
  const kept = await (await caches.open('atrium-kept')).match('/kept');
  const { state } = kept ? await kept.json() : { state: { queries: [] } };
  return state.queries.some((query) => query.queryKey.includes('people'));
}

export async function offline(browser, state) {
  await Promise.all([noAnswer(browser, state), noFiles(browser, state)]);
  const page = await open(browser, 'offline', {
    keeps: true,
    size: 'phone',
    state,
    expected: [/ERR_INTERNET_DISCONNECTED|Failed to load resource/],
  });
  await page.goto(`${url}/directory/all`);
  await page.getByRole('list', { name: '人员' }).getByRole('link').first().waitFor();
  await worker(page);
  // The worker takes pages over from the next load; what is read is kept a second later.
  await page.reload();
  await eventually('the list of people is kept', () => page.evaluate(keptPeople));
  const names = await page.evaluate(() => caches.keys());
  if (!names.some((name) => name.startsWith('atrium-files-'))) fault('offline', 'the worker kept no files');

  await page.context().setOffline(true);
  await page.reload();
  await expectText(page, 'offline', '没有网络');
  await page.getByRole('list', { name: '人员' }).getByRole('link').first().waitFor();
  await shot(page, 'offline-phone-light');
  await page.goto(`${url}/me/devices`);
  await expectText(page, 'offline', '连不上服务器');
  await shot(page, 'offline-error-phone-light');

  await page.context().setOffline(false);
  await page.goto(`${url}/me`);
  await page.getByRole('button', { name: '退出登录' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '退出登录' }).click();
  await page.waitForURL(/\/login/);
  const left = await page.evaluate(async () =>
    (await caches.open('atrium-kept')).match('/kept').then((kept) => kept !== undefined),
  );
  if (left) fault('offline', 'signing out left what was read');
  await shot(page, 'login-phone-light');
  await page.goto(`${url}/directory`);
  await page.waitForURL(/\/login\?next=/);
  await page.context().close();
  await killSwitch(browser);
}

/** What the server answers instead of sw.js when the worker is switched off removes it and its files. */
async function killSwitch(browser) {
  const page = await open(browser, 'kill switch', { keeps: true });
  await page.goto(`${url}/login`);
  await page.evaluate(async () => {
    await navigator.serviceWorker.register('/sw.js');
    await navigator.serviceWorker.ready;
    await navigator.serviceWorker.register('/sw-off.js');
  });
  await eventually('the worker is gone', () =>
    page
      .evaluate(
        async () =>
          (await navigator.serviceWorker.getRegistrations()).length + (await caches.keys()).length === 0,
      )
      .catch(() => false),
  );
  await page.context().close();
}

/** A server that does not say who is signed in: the page says so, and asks anew at a press. */
async function noAnswer(browser, state) {
  const page = await open(browser, 'no answer', { size: 'phone', scheme: 'dark', state });
  let answers = false;
  await page.route('**/api/v1/me', (route) => (answers ? route.continue() : undefined));
  await page.goto(`${url}/chat`, { waitUntil: 'commit' });
  await expectText(page, 'no answer', '连接很慢');
  // It does not come to rest.
  for (const wrong of await wrongs(page)) fault('no answer', wrong);
  await picture(page, 'slow-phone-dark');
  answers = true;
  await page.getByRole('button', { name: '重试' }).click();
  await page.getByRole('navigation').first().waitFor();
  await page.context().close();
}

/** The page's own files do not come: the frame says so itself, and leads on. */
async function noFiles(browser, state) {
  const page = await open(browser, 'no files', { size: 'phone', state, expected: [/ERR_CONNECTION_RESET/] });
  const files = /\/assets\/.*\/a\/.*\.js$/;
  await page.route(files, (route) => route.abort('connectionreset'));
  await page.goto(`${url}/chat`);
  await expectText(page, 'no files', '页面没有打开');
  await shot(page, 'not-opened-phone-light');
  await page.unroute(files);
  await page.getByRole('link', { name: '重试' }).click();
  await page.getByRole('navigation').first().waitFor();
  await page.context().close();
}
