// Lays the screenshots of `npm run e2e -- --pictures` side by side: docs/screens/<size>-<scheme>.jpg, and the picture of the
// readme. Run it after a look at the single pictures: node e2e/sheet.mjs
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { launch } from './harness.mjs';

const from = new URL('./out/', import.meta.url);
const to = new URL('../../../docs/screens/', import.meta.url).pathname;
mkdirSync(to, { recursive: true });
const files = readdirSync(from).filter((f) => f.endsWith('.png') && !f.startsWith('failed'));

// A picture per page, its name below it.
const figure = (file, width) =>
  `<figure style="margin:0;width:${width}px"><img src="${file}" style="width:100%;border-radius:8px;box-shadow:0 1px 8px #0004">
   <figcaption style="padding:6px 0 14px">${file.replace(/-(desktop|phone)-(light|dark)\.png$/, '').replace('.png', '')}</figcaption></figure>`;

// The page lies beside the pictures, so that it may read them.
async function show(page, html) {
  const file = new URL('sheet.html', from);
  writeFileSync(file, `<meta charset="utf-8">${html}`);
  await page.goto(file.href, { timeout: 120_000 });
  rmSync(file);
}

async function sheet(browser, name, pictures, { width, columns, background, color }) {
  if (pictures.length === 0)
    throw new Error(`no screenshots for ${name}: run npm run e2e -- --pictures first`);
  const page = await browser.newPage({ viewport: { width: columns * (width + 18) + 18, height: 600 } });
  const body = pictures.map((file) => figure(file, width)).join('');
  await show(
    page,
    `<body style="margin:18px;display:flex;flex-wrap:wrap;gap:18px;align-items:start;background:${background};color:${color};font:13px system-ui">${body}</body>`,
  );
  await page.screenshot({ path: `${to}${name}.jpg`, type: 'jpeg', quality: 82, fullPage: true });
  await page.close();
}

const browser = await launch();
for (const scheme of ['light', 'dark']) {
  const look =
    scheme === 'light' ? { background: '#e9edeb', color: '#222' } : { background: '#0b0f0d', color: '#ccc' };
  for (const [size, shape] of [
    ['desktop', { width: 620, columns: 3 }],
    ['phone', { width: 260, columns: 7 }],
  ]) {
    const pictures = files.filter((f) => f.endsWith(`-${size}-${scheme}.png`));
    await sheet(browser, `${size}-${scheme}`, pictures, { ...shape, ...look });
  }
}
const page = await browser.newPage({ viewport: { width: 1400, height: 720 } });
await show(
  page,
  `<body style="margin:0;padding:30px;box-sizing:border-box;height:720px;overflow:hidden;background:linear-gradient(135deg,#dcece4,#eef6f2);display:flex;gap:30px;align-items:center">
   <img src="person-desktop-light.png" style="width:1000px;border-radius:12px;box-shadow:0 4px 24px #0f413344">
   <img src="all-phone-dark.png" style="height:640px;border-radius:24px;box-shadow:0 4px 24px #0f413366"></body>`,
);
await page.screenshot({ path: `${to}readme.jpg`, type: 'jpeg', quality: 88 });
await browser.close();
console.log(`docs/screens: ${files.length} screenshots laid out`);
