// The outbox in IndexedDB. Its first version is its only one: see model.ts.
import Dexie, { liveQuery, type Table } from 'dexie';
import type { Entry, Fate, Operation } from './model';
import type { OutboxStore } from './store';

class Outbox extends Dexie {
  /** The key is a number that grows, so that rows come back in the order in which they were made. */
  declare operations: Table<Operation, number>;
  declare fates: Table<Fate, string>;

  constructor() {
    super('atrium-outbox');
    this.version(1).stores({ operations: '++, &opId, person', fates: 'opId' });
  }
}

export async function openKept(): Promise<OutboxStore> {
  const db = new Outbox();
  await db.open();

  const all = async (person: string): Promise<Entry[]> => {
    const operations = await db.operations.where('person').equals(person).toArray();
    const fates = await db.fates.bulkGet(operations.map((o) => o.opId));
    return operations.map((o, i) => ({ ...o, fate: fates[i] }));
  };
  const remove = (opIds: string[]) =>
    db.transaction('rw', db.operations, db.fates, async () => {
      await db.operations.where('opId').anyOf(opIds).delete();
      await db.fates.bulkDelete(opIds);
    });

  return {
    all,
    remove,
    add: (operation, replaces) =>
      db.transaction('rw', db.operations, db.fates, async () => {
        if (replaces) await remove([replaces]);
        await db.operations.add(operation);
      }),
    setFate: async (fate) => {
      await db.fates.put(fate);
    },
    watch(person, changed) {
      const subscription = liveQuery(() => all(person)).subscribe(changed, () => undefined);
      return () => subscription.unsubscribe();
    },
  };
}
