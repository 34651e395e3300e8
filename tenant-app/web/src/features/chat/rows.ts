// From messages to the rows of a room: times between, the line before what is new, and who needs a head.
import type { Draft, Last, MergedItem, Message, MessageKind, Quote } from './model';
import type { Pending } from './outgoing';

export type Row =
  | { kind: 'time'; key: string; at: string }
  | { kind: 'unread'; key: string }
  | { kind: 'message'; key: string; message: Message; head: boolean; clock: boolean }
  | { kind: 'pending'; key: string; pending: Pending; head: boolean };

const pauseMs = 10 * 60_000;
const groupMs = 3 * 60_000;

const between = (a: string, b: string) => Date.parse(b) - Date.parse(a);

/**
 * unreadAfter: the message up to which the person had read when the room was opened. What is pending and has arrived
 * meanwhile is shown once.
 */
export function toRows(messages: Message[], pending: Pending[], unreadAfter: number, me: string): Row[] {
  const rows: Row[] = [];
  let before: Message | undefined;
  let marked = false;
  for (const message of messages) {
    if (!before || between(before.at, message.at) > pauseMs)
      rows.push({ kind: 'time', key: `time ${message.id}`, at: message.at });
    const fresh = message.seq > unreadAfter && message.author?.id !== me && message.kind !== 'system';
    if (!marked && fresh && unreadAfter > 0 && before) rows.push({ kind: 'unread', key: 'unread' });
    marked ||= fresh;
    rows.push({
      kind: 'message',
      key: message.id,
      message,
      head: rows.at(-1)?.kind !== 'message' || !sameVoice(before, message),
      // Right below a line with the time it need not be said again.
      clock: rows.at(-1)?.kind !== 'time',
    });
    before = message;
  }
  const there = new Set(messages.map((m) => m.id));
  const waiting = pending.filter(({ draft }) => !there.has(draft.id));
  const last = before?.author?.id;
  return [
    ...rows,
    ...waiting.map(
      (p, i): Row => ({ kind: 'pending', key: p.draft.id, pending: p, head: i === 0 && last !== me }),
    ),
  ];
}

/** One after the other, by the same person: the name is not said again. */
function sameVoice(before: Message | undefined, message: Message): boolean {
  if (!before || before.kind === 'system' || before.recalledAt) return false;
  return before.author?.id === message.author?.id && between(before.at, message.at) < groupMs;
}

/** What makes a message readable at a glance: in lists, quotes and notices. */
export type Said = { kind: MessageKind; text: string; recalled: boolean; fileName?: string | undefined };

export function saidOf(m: Message | Draft | Last | Quote): Said {
  const recalled =
    ('recalledAt' in m && m.recalledAt !== undefined) || ('recalled' in m && m.recalled === true);
  const named = 'files' in m ? m.files[0]?.name : 'fileName' in m ? m.fileName : undefined;
  const forwarded = 'forward' in m ? m.forward?.title : undefined;
  const card = 'card' in m ? m.card?.title : undefined;
  return { kind: m.kind ?? 'text', text: m.text || forwarded || card || '', recalled, fileName: named };
}

export const mergedSaid = (item: MergedItem): Said => ({
  kind: item.kind,
  text: item.text || item.forward?.title || '',
  recalled: false,
  fileName: item.files?.[0]?.name,
});
