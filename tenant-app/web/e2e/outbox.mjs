// What waits for the network: it arrives once (lift.mjs); what is refused waits to be mended, and signing out asks first.
import { expectText, offlineNoise, open, shot, url } from './harness.mjs';
import { lift, table } from './lift.mjs';
import { call, id7, signIn } from './people.mjs';
import { box } from './rooms.mjs';

export async function outbox(browser, administrator) {
  const head = await signIn(browser, administrator, '解东升');
  const clerk = await signIn(browser, administrator, '盖丽');
  console.log(table(await lift(browser, head, clerk)));
  const desk = await open(browser, 'outbox', { state: head.state, expected: offlineNoise });
  await desk.goto(`${url}/chat`);
  const room = await call(desk, 'POST', '/rooms', { id: id7(), kind: 'direct', memberIds: [clerk.id] });
  await refused(desk, room.id);
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
