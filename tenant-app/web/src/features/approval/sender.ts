// Sends what approvals put into the outbox.
import { ifMatch, sendQueued } from '../../api/client';
import { upload } from '../../api/upload';
import type { Operation, OutboxBlob } from '../../offline/outbox';
import type { Sender } from '../../offline/outbox/senders';
import { fileKind } from './model';
import type { ActBody, MendBody, SubmitBody } from './outgoing';

async function uploadAll(blobs: OutboxBlob[]) {
  for (const blob of blobs) await upload(fileKind, blob);
}

async function submit({ opId, body, blobs }: Operation) {
  await uploadAll(blobs);
  return sendQueued({ method: 'POST', path: '/approvals', key: opId, body: body as SubmitBody });
}

async function mend({ opId, body, baseVersion, blobs }: Operation) {
  await uploadAll(blobs);
  const { id, ...rest } = body as MendBody;
  return sendQueued(
    { method: 'POST', path: `/approvals/${id}/submit`, key: opId, body: rest },
    { 'If-Match': ifMatch(baseVersion) },
  );
}

/** These do not depend on the version that the person saw. */
const free: ReadonlySet<string> = new Set(['comment', 'cc', 'nudge']);

function act({ opId, body, baseVersion }: Operation) {
  const { id, verb, people, comment, ...rest } = body as ActBody;
  return sendQueued(
    {
      method: 'POST',
      path: `/approvals/${id}/${verb}`,
      key: opId,
      ...(verb === 'nudge'
        ? {}
        : { body: { ...rest, ...(comment && { comment }), ...(people && { to: people }) } }),
    },
    free.has(verb) ? {} : { 'If-Match': ifMatch(baseVersion) },
  );
}

const sends: Record<string, (operation: Operation) => Promise<unknown>> = {
  'approval.submit': submit,
  'approval.mend': mend,
  'approval.act': act,
};

export const sender: Sender = {
  versions: [1],
  send: (operation) => {
    const send = sends[operation.kind];
    if (!send) throw new Error(`approvals send no ${operation.kind}`);
    return send(operation);
  },
};
