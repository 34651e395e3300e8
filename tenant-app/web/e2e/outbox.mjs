// What waits for the network: it arrives once (lift.mjs); what is refused, or waits since before a restore of the company's
// data, waits to be looked at, and signing out asks first.
import { expectText, offlineNoise, open, shot, shots, sizes, url } from './harness.mjs';
import { lift, table } from './lift.mjs';
import { call, id7, signIn } from './people.mjs';
import { box, said } from './rooms.mjs';

export async function outbox(browser, administrator) {
  const head = await signIn(browser, administrator, '解东升');
  const clerk = await signIn(browser, administrator, '盖丽');
  console.log(table(await lift(browser, head, clerk)));
  const desk = await open(browser, 'outbox', { state: head.state, expected: offlineNoise });
  await desk.goto(`${url}/chat`);
  const room = await call(desk, 'POST', '/rooms', { id: id7(), kind: 'direct', memberIds: [clerk.id] });
  await refused(desk, room.id);
  await restored(desk, room.id);
  await desk.context().close();
}

/** A refusal waits to be mended, and signing out asks about it. */
async function refused(desk, room) {
  await desk.route(/\/rooms\/[^/]+\/messages$/, (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({
          status: 422,
          contentType: 'application/problem+json',
          body: JSON.stringify({ status: 422, code: 'invalid' }),
        })
      : route.continue(),
  );
  await desk.goto(`${url}/chat/${room}`);
  await box(desk).fill('会被退回的话');
  await box(desk).press('Enter');
  await expectText(desk, 'outbox', '没有发出：填写的内容不正确');
  await shot(desk, 'outbox-refused-desktop-light');
  await desk.getByRole('link', { name: '1 条没有发出，去处理' }).click();
  await expectText(desk, 'outbox', '会被退回的话');
  await shot(desk, 'outbox-page-desktop-light');
  await desk.getByRole('button', { name: '退出登录' }).click();
  await expectText(desk, 'outbox', '还有 1 条内容没有送出');
  await desk.getByRole('dialog').getByRole('button', { name: '取消' }).click();
  await desk.unroute(/\/rooms\/[^/]+\/messages$/);
  await desk.getByRole('button', { name: '重试' }).click();
  await expectText(desk, 'outbox', '没有待同步的内容');
}

/** The company's data was restored while something waited: it is not sent before the person has looked at it. */
async function restored(desk, room) {
  const posts = /\/rooms\/[^/]+\/messages$/;
  await desk.route(posts, (route) =>
    route.request().method() === 'POST' ? route.abort() : route.continue(),
  );
  await desk.goto(`${url}/chat/${room}`);
  await box(desk).fill('恢复以前写的话');
  await box(desk).press('Enter');
  await said(desk, '恢复以前写的话').waitFor();
  await desk.evaluate(() => {
    const key = Object.keys(localStorage).find((name) => name.startsWith('atrium-outbox-epoch-'));
    localStorage.setItem(key, '0'); // as if the epoch had grown since
  });
  await desk.goto(`${url}/me/outbox`);
  await expectText(desk, 'outbox', '公司的数据恢复到了较早的时间，请核对后再试一次，或放弃');
  await shots(desk, 'outbox-restored-desktop');
  await desk.setViewportSize(sizes.phone);
  await shots(desk, 'outbox-restored-phone');
  await desk.setViewportSize(sizes.desktop);
  await desk.unroute(posts);
  await desk.getByRole('button', { name: '重试' }).click();
  await expectText(desk, 'outbox', '没有待同步的内容');
}
