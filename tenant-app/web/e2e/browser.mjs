// What people do with the page, at both sizes, in both schemes. Ends with 1 if anything was wrong.

import { administer } from './administer.mjs';
import { approvals } from './approvals.mjs';
import { breadth } from './breadth.mjs';
import { chat } from './chat.mjs';
import { desk } from './desk.mjs';
import { firstAdministrator } from './first.mjs';
import { broken, faults, launch } from './harness.mjs';
import { look } from './look.mjs';
import { morning } from './morning.mjs';
import { notices } from './notices.mjs';
import { offline } from './offline.mjs';
import { outbox } from './outbox.mjs';
import { rights } from './rights.mjs';
import { search } from './search.mjs';
import { speed } from './speed.mjs';
import { team } from './team.mjs';

const browser = await launch();
const took = {};
const only = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
// rights narrows what staff see, and offline ends the administrator's session.
const steps = {
  administer,
  chat,
  approvals,
  team,
  desk,
  search,
  notices,
  outbox,
  morning,
  look,
  breadth,
  rights,
  offline,
};
// Measured when it is asked for.
const byName = { speed };
try {
  const state = await firstAdministrator(browser);
  for (const [name, step] of Object.entries(only.length > 0 ? { ...steps, ...byName } : steps)) {
    if (only.length > 0 && !only.includes(name)) continue;
    const began = Date.now();
    console.log(name);
    await step(browser, state).catch((error) => broken(browser, name, error));
    took[name] = Math.round((Date.now() - began) / 1000);
    console.log(`  ${took[name]} s`);
  }
} finally {
  await browser.close();
}
console.log(
  Object.entries(took)
    .map(([name, seconds]) => `${name} ${seconds} s`)
    .join(', '),
);
console.log(faults.length === 0 ? 'all well' : `${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
