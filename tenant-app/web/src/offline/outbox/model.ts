// What waits to be sent. The schema of the rows is frozen: a page of any later release must be able to read what an
// older one left behind, so new kinds and versions are added and nothing is changed.
import { newId } from '../../api/id';

/** A file that goes along with an operation. */
export type OutboxBlob = { id: string; name: string; type: string; data: Blob };

/** A file that was picked, to go along with an operation. */
export const blobOf = (file: File): OutboxBlob => ({
  id: newId(),
  name: file.name || 'file',
  type: file.type || 'application/octet-stream',
  data: file,
});

/** One change that the person made. Written once, never changed. */
export type Operation = {
  /** UUIDv7, made by the page; also the Idempotency-Key. */
  opId: string;
  /** Who made it. The origin binds it to the company. */
  person: string;
  /** For example chat.post; each kind has a sender, see senders.ts. */
  kind: string;
  /** Of the body. A page that does not know it leaves the operation alone. */
  version: number;
  /** What it changes, for example room:<id>. Operations of one aggregate are sent in order. */
  aggregate: string;
  /** Operations that must have been sent before, besides the earlier ones of the aggregate. */
  dependsOn: string[];
  /** Revision of the object that the person saw; 0 if it does not matter. */
  baseVersion: number;
  body: unknown;
  blobs: OutboxBlob[];
};

/** What became of an operation so far. Absent: nothing yet. */
export type Fate = {
  opId: string;
  tries: number;
  /** Refused: it waits for the person. The aggregate's later operations wait behind it. */
  parked?: { status: number; code: string; params: Record<string, unknown> };
};

export type Entry = Operation & { fate: Fate | undefined };

/** Of entries in the order in which they were made: those that can be sent now, at most one for each aggregate. */
export function ready(
  entries: Entry[],
  known: (entry: Entry) => boolean,
  busy: ReadonlySet<string>,
): Entry[] {
  const waiting = new Set(entries.map((e) => e.opId));
  const closed = new Set(busy);
  const found: Entry[] = [];
  for (const entry of entries) {
    if (closed.has(entry.aggregate)) continue;
    closed.add(entry.aggregate);
    const free = !entry.fate?.parked && known(entry) && !entry.dependsOn.some((id) => waiting.has(id));
    if (free) found.push(entry);
  }
  return found;
}

export const isParked = (entry: Entry): boolean => entry.fate?.parked !== undefined;
