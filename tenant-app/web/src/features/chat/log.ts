// The part of a room's messages that the page holds: without gaps, in order.
import type { Message, Page } from './model';

export type Log = Page;

export const emptyLog: Log = { items: [], older: false, newer: false };

/** A page and a log belong together if there is no message between them that neither holds. */
function touches(log: Log, page: Page): boolean {
  const [first, last] = [log.items[0], log.items.at(-1)];
  const [from, to] = [page.items[0], page.items.at(-1)];
  if (!first || !last || !from || !to) return false;
  return from.seq <= last.seq + 1 && to.seq >= first.seq - 1;
}

function union(a: Message[], b: Message[]): Message[] {
  const found = new Map(a.map((m) => [m.id, m]));
  for (const m of b) {
    const known = found.get(m.id);
    if (!known || known.revision <= m.revision) found.set(m.id, m);
  }
  return [...found.values()].sort((x, y) => x.seq - y.seq);
}

/** The newest page, joined to what is there; what is too far away is dropped. */
export function withLatest(log: Log, page: Page): Log {
  if (log.newer) return log;
  if (!touches(log, page)) return page;
  return { items: union(log.items, page.items), older: log.older && page.older, newer: false };
}

/** What came before the first message. */
export function withOlder(log: Log, page: Page): Log {
  return { ...log, items: union(log.items, page.items), older: page.older };
}

/** What came after the last message. */
export function withNewer(log: Log, page: Page): Log {
  return { ...log, items: union(log.items, page.items), newer: page.newer };
}

/**
 * A message that was changed, or a new one. A new one is taken only by a log that is live: it has heard of everything
 * since its last message, so that nothing can be missing in between (sequences have gaps of their own).
 */
export function withMessage(log: Log, message: Message, live: boolean): Log | undefined {
  const known = log.items.some((m) => m.id === message.id);
  const next = live && !log.newer && message.seq > (log.items[0]?.seq ?? 0);
  if (!known && !next) return undefined;
  return { ...log, items: union(log.items, [message]) };
}

/** The last few, to keep for reading without network. */
export function tail(log: Log, count: number): Log {
  if (log.newer || log.items.length <= count) return log;
  return { items: log.items.slice(-count), older: true, newer: false };
}
