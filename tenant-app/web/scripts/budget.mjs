// Fails when a route of the page grows over its budget, in bytes after gzip. Reads dist, so build first.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const kib = 1024;
const firstScript = 185 * kib;
const firstStyle = 30 * kib;
const laterScript = 45 * kib;

const dist = new URL('../dist/', import.meta.url);
const files = JSON.parse(readFileSync(new URL('files.json', dist), 'utf8'));
const sizes = new Map();

function size(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length);
  return sizes.get(file);
}

/** Everything that a chunk needs before it runs: itself and its static imports. */
function needs(key, found = new Set()) {
  if (found.has(key)) return found;
  found.add(key);
  for (const next of files[key].imports ?? []) needs(next, found);
  return found;
}

function weigh(keys) {
  const script = new Set(keys.map((key) => files[key].file));
  const style = new Set(keys.flatMap((key) => files[key].css ?? []));
  const sum = (set) => [...set].reduce((total, file) => total + size(file), 0);
  return { script: sum(script), style: sum(style) };
}

const first = needs('index.html');
const later = Object.keys(files).filter((key) => files[key].isDynamicEntry);
const rows = [{ route: 'first (directory)', ...weigh([...first]), limit: firstScript }];
for (const key of later) {
  const added = [...needs(key)].filter((k) => !first.has(k));
  rows.push({ route: key.replace('src/', ''), ...weigh(added), limit: laterScript });
}

let failed = rows[0].style > firstStyle;
const show = (bytes) => `${(bytes / kib).toFixed(1)}`.padStart(6);
console.log('   script /  limit     CSS   KiB after gzip');
for (const { route, script, style, limit } of rows) {
  const over = script > limit;
  failed ||= over;
  console.log(`${show(script)} /${show(limit)}  ${show(style)}   ${route}${over ? '   OVER' : ''}`);
}
if (rows[0].style > firstStyle) console.log(`CSS of the first route is over ${show(firstStyle)}`);
process.exit(failed ? 1 : 0);
