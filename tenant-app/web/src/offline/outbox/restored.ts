// What waits since before the company's data was restored. It may be about things that are no more, or are others by
// now under the same revision: nothing of it is sent before the person has looked at it.
import type { OutboxStore } from './store';

const storageKey = (person: string) => `atrium-outbox-epoch-${person}`;

/** Puts what waits since another data epoch to the person; of the quiet kinds nobody needs to hear, they go. */
export async function parkRestored(
  store: OutboxStore,
  person: string,
  dataEpoch: number,
  quiet: ReadonlySet<string>,
): Promise<void> {
  const before = localStorage.getItem(storageKey(person));
  if (before === String(dataEpoch)) return;
  const old = before === null ? [] : await store.all(person);
  await store.remove(old.filter((e) => quiet.has(e.kind)).map((e) => e.opId));
  for (const entry of old.filter((e) => !quiet.has(e.kind))) {
    const parked = { status: 409, code: 'data_restored', params: {} };
    await store.setFate({ opId: entry.opId, tries: entry.fate?.tries ?? 0, parked });
  }
  localStorage.setItem(storageKey(person), String(dataEpoch));
}
