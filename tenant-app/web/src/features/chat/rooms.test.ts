import { expect, it } from 'vitest';
import type { Message, Room } from './model';
import { inOrder, unreadIn, withArrived, withRead } from './rooms';

const who = { id: 'li', name: '李娜', avatarText: '李娜' };
const room = (id: string, more: Partial<Room> = {}): Room => ({
  id,
  kind: 'group',
  name: id,
  members: 3,
  lastSeq: 5,
  readSeq: 5,
  unread: 0,
  mentions: 0,
  urgent: 0,
  pinned: false,
  muted: false,
  external: false,
  lastAt: `2026-11-22T0${id.length}:00:00Z`,
  maySpeak: true,
  mayMentionAll: false,
  mayManage: false,
  mayInvite: false,
  ...more,
});
const message = (seq: number, more: Partial<Message> = {}): Message => ({
  id: `m${seq}`,
  roomId: 'a',
  seq,
  kind: 'text',
  author: who,
  text: '好',
  at: '2026-11-22T09:00:00Z',
  mentions: [],
  files: [],
  reactions: [],
  readCount: 0,
  unreadCount: 0,
  revision: 1,
  ...more,
});
const arrive = (rooms: Room[], m: Message) => withArrived(rooms, m, 'wang');

it('puts pinned rooms first, then the latest', () => {
  const rooms = [room('a'), room('bbb'), room('cc'), room('d', { pinned: true })];
  expect(inOrder(rooms).map((r) => r.id)).toEqual(['d', 'bbb', 'cc', 'a']);
});

it('counts what comes in, once', () => {
  const before = [room('bbb'), room('a')];
  const after = arrive(before, message(6, { mentions: [{ id: 'wang', name: '王芳' }] }));
  expect(after?.map((r) => [r.id, r.unread, r.mentions, r.lastSeq])).toEqual([
    ['a', 1, 1, 6],
    ['bbb', 0, 0, 5],
  ]);
  expect(arrive(after ?? [], message(6))).toBe(after);
});

it('counts neither own messages nor notes of the system', () => {
  const own = arrive([room('a', { unread: 2 })], message(6, { author: { ...who, id: 'wang' } }));
  expect(own?.[0]?.unread).toBe(0);
  expect(arrive([room('a')], message(6, { kind: 'system' }))?.[0]?.unread).toBe(0);
  expect(arrive([room('b')], message(6))).toBeUndefined();
});

it('forgets the counts when all is read, and never goes back', () => {
  const rooms = [room('a', { unread: 3, mentions: 1, lastSeq: 8 })];
  expect(withRead(rooms, 'a', 7)[0]).toMatchObject({ readSeq: 7, unread: 3 });
  expect(withRead(rooms, 'a', 8)[0]).toMatchObject({ readSeq: 8, unread: 0, mentions: 0 });
  expect(withRead(rooms, 'a', 2)[0]?.readSeq).toBe(5);
});

it('does not call for muted rooms unless somebody calls by name', () => {
  expect(unreadIn([room('a', { unread: 3 }), room('b', { unread: 9, muted: true, mentions: 1 })])).toBe(4);
});
