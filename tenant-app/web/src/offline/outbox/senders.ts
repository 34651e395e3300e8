// Who sends which kind of operation. A feature that queues something adds a line here and a sender of its own, which is
// loaded when there is something to send.
import type { Operation } from './model';

/** Sends one operation; sending it again must be the same as sending it once. Throws ApiError. */
export type Sender = {
  /** Versions of the body that it understands. */
  versions: readonly number[];
  send(operation: Operation): Promise<unknown>;
};

const chat = () => import('../../features/chat/sender');
const desk = () => import('../../features/desk/outgoing');
const approval = () => import('../../features/approval/sender');

const senders: Record<string, () => Promise<{ sender: Sender }>> = {
  'chat.post': chat,
  'chat.receipt': chat,
  'chat.read': chat,
  'approval.submit': approval,
  'approval.mend': approval,
  'approval.act': approval,
  'desk.submit': desk,
};

/** The sender of an operation, or nothing if this page is too old for it: then the operation stays. */
export async function senderOf(operation: Pick<Operation, 'kind' | 'version'>): Promise<Sender | undefined> {
  const load = Object.hasOwn(senders, operation.kind) ? senders[operation.kind] : undefined;
  if (!load) return undefined;
  const { sender } = await load();
  return sender.versions.includes(operation.version) ? sender : undefined;
}
