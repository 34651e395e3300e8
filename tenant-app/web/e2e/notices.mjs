// How somebody is called: a browser that is asked, refuses and takes; a way out that does not work and says why; quiet hours.
import { eventually, everywhere, expectText, fault, open, shot, shots, url } from './harness.mjs';
import { call, signIn } from './people.mjs';

// A test that does not go out is a refusal, which the browser notes too.
const refused = [/Failed to load resource.*(409|422)/];
const secret = 'a-secret-for-the-gate';

export async function notices(browser, administrator) {
  const clerk = await signIn(browser, administrator, '陈静');
  await companySide(browser, administrator);
  await ownSide(browser, clerk);
  await pushed(browser, clerk);
  await looks(browser, administrator, clerk);
}

/** A mail server, and a gate at an address that nobody listed. */
async function companySide(browser, administrator) {
  const page = await open(browser, 'senders', { state: administrator, expected: refused });
  await page.goto(`${url}/admin/notices`);
  const mail = page.getByRole('region', { name: '邮件' });
  await mail.getByRole('button', { name: /设置.*邮件/ }).click();
  await mail.getByRole('textbox', { name: '服务器' }).fill('127.0.0.1');
  await mail.getByRole('textbox', { name: '发件地址' }).fill('office@example.com');
  await mail.getByRole('textbox', { name: '用户名' }).fill('office');
  await mail.getByLabel('密码', { exact: true }).fill(secret);
  await mail.getByRole('button', { name: '保存' }).click();
  await mail.getByText('已开通').waitFor();
  await mail.getByRole('textbox', { name: '发一条测试通知给' }).fill('wang@example.com');
  await mail.getByRole('button', { name: '测试' }).click();
  await expectText(page, 'senders', '平台不允许连接这个地址');
  await shot(page, 'senders-test-desktop-light');
  const sms = page.getByRole('region', { name: '短信' });
  await sms.getByRole('button', { name: /设置.*短信/ }).click();
  await sms.getByRole('textbox', { name: '网关地址' }).fill('https://sms.example.com/send');
  await sms.getByLabel('签名密钥').fill('short');
  await sms.getByRole('button', { name: '保存' }).click();
  await expectText(page, 'senders', '密钥至少 16 个字符');
  await sms.getByLabel('签名密钥').fill(secret);
  await sms.getByRole('button', { name: '保存' }).click();
  await sms.getByText('已开通').waitFor();
  if (JSON.stringify(await call(page, 'GET', '/notice-senders')).includes(secret))
    fault('senders', 'answers a secret');
  await page.context().close();
}

async function ownSide(browser, clerk) {
  const page = await open(browser, 'notices', { size: 'phone', state: clerk.state, expected: refused });
  await page.goto(`${url}/me`);
  await page.getByRole('link', { name: '通知', exact: true }).click();
  await expectText(page, 'notices', '公司还没有开通：企业微信、钉钉、飞书。');
  await page.getByRole('button', { name: /设置.*邮件/ }).click();
  await page.getByRole('textbox', { name: '邮箱地址' }).fill('chenjing@example.com');
  await page.getByRole('button', { name: '发送验证码' }).click();
  await expectText(page, 'notices', '没有发出去。');
  await expectText(page, 'notices', '最近一次没有送达');
  await shot(page, 'notices-failed-phone-light');
  await page.getByRole('checkbox', { name: '这段时间只有加急消息会叫我' }).check();
  await page.getByLabel('从', { exact: true }).fill('21:30');
  await page.getByRole('button', { name: '保存' }).click();
  await eventually(
    'quiet hours are kept',
    async () => (await call(page, 'GET', '/me/channels')).quietFrom === '21:30',
  );
  await page.context().close();
}

/** A subscription that this machine's browser would get, had it a push service. */
const standIn = () => {
  let endpoint = '';
  const subscription = () => ({
    endpoint,
    options: { applicationServerKey: null },
    toJSON: () => ({ endpoint, keys: { p256dh: 'BPs', auth: 'YQ' } }),
    unsubscribe: async () => {
      endpoint = '';
      return true;
    },
  });
  PushManager.prototype.getSubscription = async () => (endpoint ? subscription() : null);
  PushManager.prototype.subscribe = async () => {
    endpoint = 'https://push.invalid/one';
    return subscription();
  };
};

/** What the service worker does with a message, given to it as a push service would. */
async function pushed(browser, clerk) {
  const page = await open(browser, 'push', {
    keeps: true,
    state: clerk.state,
    expected: [...refused, /Failed to load|incognito mode/],
  });
  const context = page.context();
  await context.grantPermissions(['notifications']);
  await page.goto(`${url}/me/notices`);
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  await page.getByRole('button', { name: '开启' }).click();
  await expectText(page, 'push', '连不上浏览器的推送服务');
  await shot(page, 'notices-unreachable-desktop-light');
  await page.addInitScript(standIn);
  await page.reload();
  await page.getByRole('button', { name: '开启' }).click();
  await expectText(page, 'push', '这台设备会收到通知');
  await expectText(page, 'push', '没有发出去。');
  await shot(page, 'notices-on-desktop-light');

  const worker = await context.newCDPSession(page);
  const registered = new Promise((resolve) => {
    worker.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const here = registrations.find((r) => !r.isDeleted && r.scopeURL.startsWith(url));
      if (here) resolve(here.registrationId);
    });
  });
  await worker.send('ServiceWorker.enable');
  const registrationId = await registered;
  const room = await call(page, 'POST', '/rooms', {
    id: crypto.randomUUID(),
    kind: 'group',
    name: '推送试验',
    memberIds: [],
  });
  const push = (text) =>
    worker.send('ServiceWorker.deliverPushMessage', {
      origin: url,
      registrationId,
      data: JSON.stringify({ v: 1, id: text, title: '李娜', text, link: `${url}/chat/${room.id}` }),
    });
  await push('开会了');
  const shown = () =>
    page.evaluate(async () =>
      (await (await navigator.serviceWorker.ready).getNotifications()).map((n) => [n.title, n.body, n.tag]),
    );
  // A worker that is only starting may lose one.
  await eventually('one notice stands for the room', async () => {
    await push('十点');
    return (await shown()).some(([, body]) => body === '十点');
  });
  if ((await shown()).length !== 1) fault('push', `shows ${JSON.stringify(await shown())}`);
  await page.getByRole('button', { name: '关闭' }).click();
  await page.getByRole('button', { name: '开启' }).waitFor();
  await pressed(page, `/chat/${room.id}`);
  await context.close();
}

/**
 * Runs in the service worker: its notice is pressed. No browser without a screen presses one, so the event is made here,
 * and what only a press of a person allows stands in: keeping the worker alive, and opening a window.
 */
async function press() {
  const [notification] = await self.registration.getNotifications();
  const opened = [];
  self.clients.openWindow = async (path) => void opened.push(path);
  let done;
  ExtendableEvent.prototype.waitUntil = (work) => {
    done = work;
  };
  self.dispatchEvent(new NotificationEvent('notificationclick', { notification }));
  await done.catch(() => undefined); // an open page may not come to the front without a person
  return { opened, left: (await self.registration.getNotifications()).length };
}

/** A notice leads to its room: in the page that is open, or in a new one where none is, or only the sign-in. */
async function pressed(page, path) {
  const [worker] = page.context().serviceWorkers();
  const show = () =>
    worker.evaluate(
      (to) => self.registration.showNotification('李娜', { tag: to, data: { path: to } }),
      path,
    );
  await show();
  const inPage = await worker.evaluate(press);
  await page.waitForURL(url + path);
  if (inPage.opened.length + inPage.left > 0) fault('pressed', `with a page: ${JSON.stringify(inPage)}`);
  await page.goto(`${url}/auth/terms`);
  await show();
  const inNone = await worker.evaluate(press);
  if (inNone.opened.join() !== path) fault('pressed', `without a page: ${JSON.stringify(inNone)}`);
}

async function looks(browser, administrator, clerk) {
  await everywhere(async (size) => {
    const own = await open(browser, `notices ${size}`, { size, state: clerk.state, keeps: true });
    await own.goto(`${url}/me/notices`);
    await own.getByRole('heading', { name: '免打扰' }).waitFor();
    await shots(own, `notices-${size}`);
    await own.context().close();
    const page = await open(browser, `senders ${size}`, { size, state: administrator });
    await page.goto(`${url}/admin/notices`);
    await page.getByRole('button', { name: /更改.*邮件/ }).click();
    await page.getByRole('textbox', { name: '发件地址' }).waitFor();
    await shots(page, `senders-${size}`);
    await page.context().close();
  });
}
