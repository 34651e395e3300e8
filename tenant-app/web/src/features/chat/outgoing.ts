// What a person does in chat goes through the outbox: it works without network, and happens once.
import { newId } from '../../api/id';
import { type Entry, enqueue, type OutboxBlob, useOutbox } from '../../offline/outbox';
import type { Draft, ReceiptState } from './model';

export type PostBody = { room: string; draft: Draft };
export type ReceiptBody = { room: string; message: string; state: ReceiptState };
export type ReadBody = { room: string; seq: number; thread?: string };

export const emptyDraft = (): Draft => ({
  id: newId(),
  kind: 'text',
  text: '',
  mentions: [],
  all: false,
  receipt: false,
  urgent: false,
});

export const post = (room: string, draft: Draft, blobs: OutboxBlob[] = []) =>
  enqueue({ kind: 'chat.post', version: 1, aggregate: `room:${room}`, body: { room, draft }, blobs });

export const answer = (room: string, message: string, state: ReceiptState) =>
  enqueue(
    { kind: 'chat.receipt', version: 1, aggregate: `receipt:${message}`, body: { room, message, state } },
    { latest: true },
  );

export const markRead = (body: ReadBody) =>
  enqueue(
    { kind: 'chat.read', version: 1, aggregate: `read:${body.room}:${body.thread ?? ''}`, body },
    { latest: true },
  );

export type Pending = { entry: Entry; draft: Draft };

/** What this person wrote here and the server does not have yet. */
export function usePending(room: string, thread?: string): Pending[] {
  return useOutbox()
    .filter((entry) => entry.kind === 'chat.post' && entry.aggregate === `room:${room}`)
    .map((entry) => ({ entry, draft: (entry.body as PostBody).draft }))
    .filter(({ draft }) => (draft.thread ?? undefined) === thread);
}
