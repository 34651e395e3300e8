// The list of rooms, as it changes before the server is asked again.
import { lastOf } from './api';
import type { Message, Room } from './model';

/** Pinned first, then by the last message. */
export function inOrder(rooms: Room[]): Room[] {
  const at = (room: Room) => room.lastAt;
  return [...rooms].sort(
    (a, b) => Number(b.pinned) - Number(a.pinned) || (at(a) < at(b) ? 1 : at(a) > at(b) ? -1 : 0),
  );
}

const calls = (message: Message, me: string): boolean =>
  message.all === true || message.mentions.some((m) => m.id === me);

/** The list after a message came in; undefined if its room is not in it. */
export function withArrived(rooms: Room[], message: Message, me: string): Room[] | undefined {
  const room = rooms.find((r) => r.id === message.roomId);
  if (!room) return undefined;
  if (message.seq <= room.lastSeq) return rooms;
  const own = message.author?.id === me;
  const counts = !own && message.kind !== 'system';
  const changed: Room = {
    ...room,
    lastSeq: message.seq,
    lastMessage: lastOf(message),
    lastAt: message.at,
    unread: own ? 0 : room.unread + Number(counts),
    mentions: room.mentions + Number(counts && calls(message, me)),
    urgent: room.urgent + Number(counts && message.urgent !== undefined),
  };
  return inOrder(rooms.map((r) => (r === room ? changed : r)));
}

/** The list after the person has read a room up to a message. */
export function withRead(rooms: Room[], id: string, seq: number): Room[] {
  return rooms.map((r) =>
    r.id === id && seq > r.readSeq
      ? { ...r, readSeq: seq, ...(seq >= r.lastSeq ? { unread: 0, mentions: 0 } : {}) }
      : r,
  );
}

/** What the badge counts: muted rooms do not call. */
export const unreadIn = (rooms: Room[]): number =>
  rooms.reduce((sum, r) => sum + (r.muted ? r.mentions : r.unread), 0);
