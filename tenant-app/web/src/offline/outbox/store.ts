// Where operations are kept: an IndexedDB of its own, or memory where the browser has none (private windows, some
// embedded browsers): then they live as long as the page.
import type { Entry, Fate, Operation } from './model';

export interface OutboxStore {
  /** Everything that the person has waiting, in the order in which it was made. */
  all(person: string): Promise<Entry[]>;
  /** Keeps an operation; with replaces, in place of an unsent one of that id. */
  add(operation: Operation, replaces?: string): Promise<void>;
  setFate(fate: Fate): Promise<void>;
  remove(opIds: string[]): Promise<void>;
  /** Calls when anything changed, also by another tab. */
  watch(person: string, changed: (entries: Entry[]) => void): () => void;
}

export async function openStore(): Promise<OutboxStore> {
  if (!('indexedDB' in globalThis)) return memoryStore();
  try {
    // Loaded late: the first screen does not need it.
    const { openKept } = await import('./kept');
    return await openKept();
  } catch {
    return memoryStore();
  }
}

export function memoryStore(): OutboxStore {
  let entries: Entry[] = [];
  const listeners = new Set<() => void>();
  const change = (next: Entry[]) => {
    entries = next;
    for (const listener of listeners) listener();
  };
  const of = (person: string) => entries.filter((e) => e.person === person);
  return {
    all: async (person) => of(person),
    add: async (operation, replaces) =>
      change([...entries.filter((e) => e.opId !== replaces), { ...operation, fate: undefined }]),
    setFate: async (fate) => change(entries.map((e) => (e.opId === fate.opId ? { ...e, fate } : e))),
    remove: async (opIds) => change(entries.filter((e) => !opIds.includes(e.opId))),
    watch(person, changed) {
      const listener = () => changed(of(person));
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
