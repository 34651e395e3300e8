import { expect, it } from 'vitest';
import type { Message } from './model';
import { emptyDraft, type Pending } from './outgoing';
import { toRows } from './rows';

const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 1, minute)).toISOString();
const message = (seq: number, author: string, minute: number, more: Partial<Message> = {}): Message => ({
  id: `m${seq}`,
  roomId: 'r',
  seq,
  kind: 'text',
  author: { id: author, name: author, avatarText: author },
  text: '',
  at: at(minute),
  mentions: [],
  files: [],
  reactions: [],
  readCount: 0,
  unreadCount: 0,
  revision: 1,
  ...more,
});
const pending = (id: string): Pending => ({ entry: {} as Pending['entry'], draft: { ...emptyDraft(), id } });
const shape = (messages: Message[], waiting: Pending[] = [], unreadAfter = 0) =>
  toRows(messages, waiting, unreadAfter, 'me').map((r) =>
    'head' in r ? `${r.key}${r.head ? ' head' : ''}` : r.kind,
  );

it('says the time after a pause and the name when somebody else speaks', () => {
  expect(
    shape([
      message(1, 'li', 0),
      message(2, 'li', 1),
      message(3, 'wu', 2),
      message(4, 'wu', 6),
      message(5, 'wu', 30),
    ]),
  ).toEqual(['time', 'm1 head', 'm2', 'm3 head', 'm4 head', 'time', 'm5 head']);
});

it('draws a line before what is new, once, and not before own words', () => {
  const list = [message(1, 'li', 0), message(2, 'me', 1), message(3, 'li', 2), message(4, 'li', 3)];
  expect(shape(list, [], 1)).toEqual(['time', 'm1 head', 'm2 head', 'unread', 'm3 head', 'm4']);
  expect(shape(list, [], 4)).not.toContain('unread');
  expect(shape(list, [], 0)).not.toContain('unread');
});

it('shows what waits at the end, until it is there', () => {
  const list = [message(1, 'li', 0)];
  expect(shape(list, [pending('a'), pending('b')])).toEqual(['time', 'm1 head', 'a head', 'b']);
  expect(shape(list, [pending('m1')])).toEqual(['time', 'm1 head']);
});
