// The shapes of chat as the page uses them.

export type Author = {
  id: string;
  name: string;
  avatarText: string;
  avatar?: string;
  external?: boolean;
  left?: boolean;
};

/** assistant: a module that writes to one person. */
export type RoomKind = 'direct' | 'group' | 'department' | 'self' | 'assistant';

export type MessageKind = 'text' | 'file' | 'picture' | 'voice' | 'forward' | 'card' | 'system';

export type FileRef = {
  id: string;
  name: string;
  size: number;
  type: string;
  width?: number;
  height?: number;
  preview?: string;
};

/** The message that is answered; one that the reader may not see has an id alone. */
export type Quote = {
  id: string;
  seq?: number;
  kind?: MessageKind;
  text?: string;
  author?: Author;
  fileName?: string;
  recalled?: boolean;
};

/** The end of a room in the list. */
export type Last = {
  id: string;
  seq: number;
  kind: MessageKind;
  text: string;
  author?: Author;
  system?: SystemEvent;
  at: string;
  recalledAt?: string;
  fileName?: string;
};

export type Room = {
  id: string;
  kind: RoomKind;
  /** Of self and assistant rooms: a key, see roomName. */
  name: string;
  peer?: Author;
  ownerId?: string;
  members: number;
  lastSeq: number;
  readSeq: number;
  unread: number;
  mentions: number;
  urgent: number;
  pinned: boolean;
  muted: boolean;
  external: boolean;
  lastMessage?: Last;
  lastAt: string;
  maySpeak: boolean;
  mayMentionAll: boolean;
  mayManage: boolean;
  mayInvite: boolean;
  /** Only with a single room. */
  notice?: RoomNotice;
};

export type RoomNotice = { text: string; by: Author; at: string };

export type Member = { person: Author; role: 'owner' | 'member' };

export type ReceiptState = 'received' | 'working' | 'done';
export const receiptStates: readonly ReceiptState[] = ['received', 'working', 'done'];

export type Reaction = { emoji: string; count: number; mine: boolean };

/** Several messages as one: a copy, as they were then. */
export type Merged = { title: string; items: MergedItem[] };

export type MergedItem = {
  author: string;
  at: string;
  kind: MessageKind;
  text?: string;
  files?: FileRef[];
  forward?: Merged;
};

export type Card = {
  /** What it asked its reader to do; absent: it only tells. */
  task?: string;
  /** How that ended. */
  over?: string;
  kind: string;
  ref: string;
  title: string;
  fields: { label: string; value: string }[];
  state: string;
};

export type SystemEvent = {
  event: 'created' | 'joined' | 'left' | 'removed' | 'renamed' | 'notice' | 'owner';
  by?: { id: string; name: string };
  people?: { id: string; name: string }[];
  /** How many people, if more than are named. */
  count?: number;
  name?: string;
};

export type Message = {
  id: string;
  roomId: string;
  seq: number;
  kind: MessageKind;
  /** Absent: an assistant. */
  author?: Author;
  text: string;
  at: string;
  editedAt?: string;
  recalledAt?: string;
  mentions: { id: string; name: string }[];
  all?: boolean;
  mentionsMe?: boolean;
  quote?: Quote;
  files: FileRef[];
  reactions: Reaction[];
  readCount: number;
  unreadCount: number;
  /** How many have answered and have not; waiting with own messages only. */
  receipt?: { asked: boolean; mine?: ReceiptState; waiting: number } & Record<ReceiptState, number>;
  urgent?: { acknowledged: boolean; count: number; waiting: number };
  /** root: this is a reply, and seq its place in the thread. */
  thread?: { root?: string; replies?: number; lastSeq?: number; readSeq?: number };
  system?: SystemEvent;
  forward?: Merged;
  later?: boolean;
  card?: Card;
  revision: number;
};

/** What the composer sends; also the body of the queued operation chat.post, version 1. */
export type Draft = {
  id: string;
  kind: MessageKind;
  text: string;
  mentions: { id: string; name: string }[];
  all: boolean;
  quote?: Quote;
  receipt: boolean;
  urgent: boolean;
  thread?: string;
};

export type Page = { items: Message[]; older: boolean; newer: boolean };
