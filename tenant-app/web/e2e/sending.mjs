// What goes with messages: a file, a picture, something said.
import { readFile } from 'node:fs/promises';
import { eventually, fault, shot, url } from './harness.mjs';
import { box, room } from './rooms.mjs';

const list = '物品,件数\n打印机,2\n';
const photo = new URL('../public/icons/icon-512.png', import.meta.url).pathname;

/** A file from a desk, a picture from a phone, a voice from the desk; each is opened by the other. */
export async function filesAndVoice(desk, phone) {
  const group = desk.url();
  for (const page of [desk, phone]) await page.goto(`${url}/chat`);
  await room(desk, /^陈静/).click();
  await room(phone, /^沈建国/).click();

  let chooser = desk.waitForEvent('filechooser');
  await desk.getByRole('button', { name: '文件', exact: true }).click();
  await (await chooser).setFiles({ name: '搬家清单.csv', mimeType: 'text/csv', buffer: Buffer.from(list) });
  await box(desk).fill('清单在这里，请核对。');
  await shot(desk, 'chat-attach-desktop-light');
  await box(desk).press('Enter');
  await phone.getByRole('link', { name: /搬家清单\.csv/ }).waitFor();
  const download = phone.waitForEvent('download');
  await phone.getByRole('link', { name: /搬家清单\.csv/ }).click();
  const got = await download;
  if (got.suggestedFilename() !== '搬家清单.csv') fault('file', `is called ${got.suggestedFilename()}`);
  if ((await readFile(await got.path(), 'utf8')) !== list) fault('file', 'holds something else');

  await phone.getByRole('button', { name: '更多' }).click();
  chooser = phone.waitForEvent('filechooser');
  await phone.getByRole('button', { name: '图片', exact: true }).click();
  await (await chooser).setFiles(photo);
  await phone.getByRole('button', { name: '发送' }).click();
  const picture = desk.getByRole('button', { name: /查看图片 icon-512\.png/ });
  await picture.waitFor();
  await eventually('the small picture is there', () =>
    picture.locator('img').evaluate((i) => i.complete && i.naturalWidth > 0),
  );
  await shot(desk, 'chat-files-desktop-light');
  await picture.click();
  const whole = desk.getByRole('dialog').getByRole('img', { name: 'icon-512.png' });
  await eventually('the whole picture is there', () => whole.evaluate((i) => i.naturalWidth === 512));
  await shot(desk, 'chat-picture-desktop-light');
  await desk.getByRole('dialog').getByRole('button', { name: '关闭' }).click();

  await desk.context().grantPermissions(['microphone', 'clipboard-read', 'clipboard-write']);
  await desk.getByRole('button', { name: '语音', exact: true }).click();
  await desk.getByText('正在录音 0:02').waitFor();
  await desk.getByRole('button', { name: '发送' }).click();
  await phone.getByRole('button', { name: '播放语音' }).click();
  await phone.getByRole('button', { name: '停止播放' }).waitFor();
  await shot(phone, 'chat-files-phone-light');
  await desk.goto(group);
  await phone.goto(`${url}/chat`);
}
