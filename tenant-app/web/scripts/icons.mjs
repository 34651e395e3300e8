// Draws the PNG icons from public/icons/icon.svg with Debian's chromium; run it by hand when the mark changes.
import { readFile, writeFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';

const at = (path) => new URL(`../public/icons/${path}`, import.meta.url);
const mark = await readFile(at('icon.svg'), 'utf8');
// Maskable and Apple icons fill their square: the system cuts the corners.
const filled = mark.replace('rx="14"', 'rx="0"');

const icons = [
  { file: 'icon-192.png', size: 192, svg: mark, scale: 1 },
  { file: 'icon-512.png', size: 512, svg: mark, scale: 1 },
  { file: 'apple-touch-icon.png', size: 180, svg: filled, scale: 1 },
  // Everything that matters lies in the middle 80 %.
  { file: 'maskable-512.png', size: 512, svg: filled, scale: 0.8 },
];

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const { file, size, svg, scale } of icons) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const side = size * scale;
  const ground = scale < 1 ? 'background:#1f6f56;' : '';
  await page.setContent(
    `<body style="margin:0;${ground}display:grid;place-items:center;height:${size}px">${svg.replace('<svg ', `<svg width="${side}" height="${side}" `)}</body>`,
  );
  await writeFile(at(file), await page.screenshot({ omitBackground: true }));
}
await browser.close();
