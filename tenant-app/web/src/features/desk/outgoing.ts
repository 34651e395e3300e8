// A suggestion goes through the outbox: it can be written without network, and arrives once.
import { sendQueued } from '../../api/client';
import { newId } from '../../api/id';
import { upload } from '../../api/upload';
import { type Entry, enqueue, type OutboxBlob, useOutbox } from '../../offline/outbox';
import type { Sender } from '../../offline/outbox/senders';
import { fileKind } from './model';

export type SubmitBody = {
  id: string;
  title: string;
  text: string;
  fileIds?: string[];
  anonymous?: boolean;
  code?: string;
};

const kind = 'desk.submit';

export const submit = (body: Omit<SubmitBody, 'id'>, blobs: OutboxBlob[]) => {
  const id = newId();
  return enqueue({ kind, version: 1, aggregate: `suggestion:${id}`, body: { id, ...body }, blobs });
};

export const useUnsent = (): Entry[] => useOutbox().filter((entry) => entry.kind === kind);

export const sender: Sender = {
  versions: [1],
  send: async ({ opId, body, blobs }) => {
    for (const blob of blobs) await upload(fileKind, blob);
    return sendQueued({ method: 'POST', path: '/suggestions', key: opId, body: body as SubmitBody });
  },
};
