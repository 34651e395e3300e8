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
// A section stands inside its page: opening its address loads both.
const sections = { Departments: 'AdminPage', Positions: 'AdminPage', Import: 'AdminPage' };
// A window opens on a page that is there already: only what it adds counts.
const windows = { HeadsDialog: 'Departments', MoveDialog: 'Departments', SuccessorDialog: 'Guests' };

const entries = Object.keys(files).filter((key) => files[key].isDynamicEntry);
const nameOf = (key) => key.replace(/.*\/(\w+)\.tsx?$/, '$1');
const needsOf = (name) => {
  const found = needs(entries.find((key) => nameOf(key) === name));
  return sections[name] ? new Set([...found, ...needsOf(sections[name])]) : found;
};

const rows = [{ route: 'first (chat)', ...weigh([...first]), limit: firstScript }];
for (const name of entries.map(nameOf)) {
  const there = windows[name] ? needsOf(windows[name]) : new Set();
  const added = [...needsOf(name)].filter((key) => !first.has(key) && !there.has(key));
  rows.push({ route: name, ...weigh(added), limit: laterScript });
}

let failed = rows[0].style > firstStyle;
const show = (bytes) => `${(bytes / kib).toFixed(1)}`.padStart(6);
console.log('script  limit     CSS   KiB after gzip');
for (const { route, script, style, limit } of rows) {
  const over = script > limit;
  failed ||= over;
  console.log(`${show(script)} ${show(limit)}  ${show(style)}   ${route}${over ? '   OVER' : ''}`);
}
if (rows[0].style > firstStyle) console.log(`CSS of the first route is over ${show(firstStyle)}`);
process.exit(failed ? 1 : 0);
