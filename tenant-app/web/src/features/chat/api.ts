// What the page asks the server about chat.

import { type Queued, read, sendQueued } from '../../api/client';
import { randomKey } from '../../api/idempotency';
import type { Author, Last, Member, Message, Page, Quote, ReceiptState, Room, RoomKind } from './model';

type List<T> = { items: T[]; next?: string };

const pageSize = 50;

/** A change that is not queued: it needs the network, and its result is looked at at once. */
const change = <T = void>(method: Queued['method'], path: string, body: unknown = {}): Promise<T> =>
  sendQueued<T>({ method, path, body, key: randomKey() });

export const readRooms = (cursor: string) =>
  read<List<Room>>('/rooms', { limit: 100, ...(cursor && { cursor }) });
export const readRoom = (id: string) => read<Room>(`/rooms/${id}`);

export type Span = { before?: number; after?: number; around?: number; thread?: string; limit?: number };

export const readMessages = (room: string, span: Span = {}) =>
  read<Page>(`/rooms/${room}/messages`, { limit: pageSize, ...span });

export const readMembers = (room: string, q: string, cursor: string, limit = pageSize) =>
  read<List<Member>>(`/rooms/${room}/members`, { ...(q && { q }), ...(cursor && { cursor }), limit });

export const searchRoom = (room: string, q: string) => read<Page>(`/rooms/${room}/search`, { q });

export const readMessage = (id: string) => read<Message>(`/messages/${id}`);

/** How one member stands to a message; at: of the answer. */
export type Answered = {
  person: Author;
  read: boolean;
  state?: ReceiptState;
  at?: string;
  acknowledgedAt?: string;
};
export const readReceipts = (message: string, cursor: string) =>
  read<List<Answered>>(`/messages/${message}/receipts`, { limit: 200, ...(cursor && { cursor }) });

/** A message of any room; room: its name, as in a list of rooms. */
export type Found = { message: Message; room: string; roomKind: RoomKind };
export const readLater = () => read<List<Found>>('/later', { limit: 200 });
export const readUrgent = () => read<List<Found>>('/urgent');

export type NewRoom = { id: string; kind: Room['kind']; name?: string; memberIds: string[] };
export const createRoom = (room: NewRoom) => change<Room>('POST', '/rooms', room);
export const changeRoom = (id: string, patch: { name?: string; notice?: string }) =>
  change('PATCH', `/rooms/${id}`, patch);
export const addMembers = (id: string, personIds: string[]) =>
  change('POST', `/rooms/${id}/members`, { personIds });
export const removeMember = (id: string, person: string) =>
  change('DELETE', `/rooms/${id}/members/${person}`);
export const giveRoom = (id: string, person: string) =>
  change('POST', `/rooms/${id}/owner`, { personId: person });
export const setRoom = (id: string, settings: { pinned: boolean; muted: boolean }) =>
  change('PUT', `/rooms/${id}/settings`, settings);

export const editMessage = (id: string, text: string) =>
  change<Message>('PATCH', `/messages/${id}`, { text });
export const recallMessage = (id: string) => change('POST', `/messages/${id}/recall`);
export const react = (id: string, emoji: string, on: boolean) =>
  change(on ? 'PUT' : 'DELETE', `/messages/${id}/reactions/${encodeURIComponent(emoji)}`);
export const nudge = (id: string) => change('POST', `/messages/${id}/nudge`);
export const acknowledge = (id: string) => change('POST', `/messages/${id}/acknowledge`);
export const setLater = (id: string, on: boolean) => change(on ? 'PUT' : 'DELETE', `/later/${id}`);

export type Forward = {
  ids: string[];
  messageIds: string[];
  roomIds: string[];
  merged: boolean;
  title?: string;
};
export const forwardMessages = (what: Forward) => change('POST', '/messages/forward', what);

/** A message as the end of a room. */
export const lastOf = (m: Message): Last => ({
  id: m.id,
  seq: m.seq,
  kind: m.kind,
  text: m.text,
  at: m.at,
  ...(m.author ? { author: m.author } : {}),
  ...(m.system ? { system: m.system } : {}),
  ...(m.recalledAt ? { recalledAt: m.recalledAt } : {}),
  ...(m.files[0] ? { fileName: m.files[0].name } : {}),
});

/** A message as what another one answers. */
export const quoteOf = (m: Message): Quote => {
  const { recalledAt, system, at, ...rest } = lastOf(m);
  return { ...rest, recalled: recalledAt !== undefined };
};
