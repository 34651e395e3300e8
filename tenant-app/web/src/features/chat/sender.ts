// Sends what chat put into the outbox.
import { sendQueued } from '../../api/client';
import { upload } from '../../api/upload';
import type { Operation } from '../../offline/outbox';
import type { Sender } from '../../offline/outbox/senders';
import type { PostBody, ReadBody, ReceiptBody } from './outgoing';

async function post({ opId, body, blobs }: Operation) {
  const { room, draft } = body as PostBody;
  for (const blob of blobs) await upload('chat-message', blob);
  const { quote, mentions, ...rest } = draft;
  return sendQueued({
    method: 'POST',
    path: `/rooms/${room}/messages`,
    key: opId,
    body: {
      ...rest,
      mentions: mentions.map((m) => m.id),
      fileIds: blobs.map((b) => b.id),
      ...(quote ? { quote: quote.id } : {}),
    },
  });
}

function receipt({ opId, body }: Operation) {
  const { message, state } = body as ReceiptBody;
  return sendQueued({ method: 'POST', path: `/messages/${message}/receipt`, key: opId, body: { state } });
}

function read({ opId, body }: Operation) {
  const { room, ...rest } = body as ReadBody;
  return sendQueued({ method: 'POST', path: `/rooms/${room}/read`, key: opId, body: rest });
}

const sends: Record<string, (operation: Operation) => Promise<unknown>> = {
  'chat.post': post,
  'chat.receipt': receipt,
  'chat.read': read,
};

export const sender: Sender = {
  versions: [1],
  send: (operation) => {
    const send = sends[operation.kind];
    if (!send) throw new Error(`chat sends no ${operation.kind}`);
    return send(operation);
  },
};
