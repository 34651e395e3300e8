// Keeps what the page shows of chat as new as the server's: by hints, and by what this person sent.
import type { QueryClient } from '@tanstack/react-query';
import { onLive } from '../../live/client';
import type { Hint } from '../../live/frames';
import { onSent, type Sent } from '../../offline/outbox';
import { readMessage } from './api';
import { withMessage } from './log';
import type { Message, Room } from './model';
import { forgetLive, isLive, logKey, logOf, type Place, roomsQuery } from './queries';
import { withArrived, withRead } from './rooms';

/** Runs at once, then at most once in a while, and once more for what came in between. */
function calmly(everyMs: number) {
  const waiting = new Map<string, boolean>();
  return function run(key: string, act: () => void) {
    if (waiting.has(key)) {
      waiting.set(key, true);
      return;
    }
    act();
    waiting.set(key, false);
    setTimeout(() => {
      const more = waiting.get(key);
      waiting.delete(key);
      if (more) run(key, act);
    }, everyMs);
  };
}

const listsMs = 1_500;
const countsMs = 2_000;

export function watchChat(client: QueryClient, me: string, nudged: (hint: Hint) => void): () => void {
  const lists = calmly(listsMs);
  const counts = calmly(countsMs);
  const rooms = () => lists('rooms', () => void client.invalidateQueries(roomsQuery));
  const again = (place: Place) =>
    counts(logKey(place).join(' '), () => void client.invalidateQueries({ queryKey: logKey(place) }));

  /** Puts a message where it belongs; false if it could not be placed without a gap. */
  const place = (message: Message): boolean => {
    const at: Place = { room: message.roomId, thread: message.thread?.root };
    const log = logOf(client, at);
    const next = log && withMessage(log, message, isLive(at));
    if (next) client.setQueryData(logKey(at), next);
    return !log || next !== undefined || log.newer;
  };

  const arrived = (message: Message) => {
    const at: Place = { room: message.roomId, thread: message.thread?.root };
    if (!place(message)) again(at);
    if (at.thread) return;
    const list = client.getQueryData<Room[]>(roomsQuery.queryKey);
    const next = list && withArrived(list, message, me);
    if (next) client.setQueryData(roomsQuery.queryKey, next);
    else rooms();
  };

  /** What everyone hears lacks what only the author knows: how many have read it. */
  const heard = (message: Message) => {
    const at: Place = { room: message.roomId, thread: message.thread?.root };
    const own = message.author?.id === me;
    if (own && logOf(client, at)?.items.some((m) => m.id === message.id)) return;
    arrived(message);
    if (own) again(at);
  };

  const changed = (hint: Hint) => {
    const at: Place = { room: hint.room ?? '', thread: hint.thread };
    const log = logOf(client, at);
    const known = log?.items.some((m) => m.id === hint.id);
    if (known) {
      void readMessage(hint.id).then(place, () => again(at));
    } else if (log) again(at);
    rooms();
  };

  const onHint = (hint: Hint) => {
    if (hint.kind === 'message') {
      if (hint.data) heard(hint.data as Message);
      else changed(hint);
      void client.invalidateQueries({ queryKey: ['chat', 'receipts', hint.id] });
    } else if (hint.kind === 'room') {
      rooms();
      void client.invalidateQueries({ queryKey: ['chat', 'room', hint.id] });
      void client.invalidateQueries({ queryKey: ['chat', 'members', hint.id] });
    } else if (hint.kind === 'read') rooms();
    else if (hint.kind === 'reads' && hint.room) again({ room: hint.room });
    else if (hint.kind === 'nudge') nudged(hint);
    if (hint.kind === 'message' || hint.kind === 'nudge')
      void client.invalidateQueries({ queryKey: ['chat', 'urgent'] });
  };

  const stops = [
    onLive({
      hint: onHint,
      resumed: () => {
        forgetLive();
        void client.invalidateQueries({ queryKey: ['chat'] });
      },
      beat: (moved) => {
        const list = client.getQueryData<Room[]>(roomsQuery.queryKey) ?? [];
        for (const room of list) {
          if ((moved[room.id] ?? 0) <= room.lastSeq) continue;
          rooms();
          again({ room: room.id });
        }
      },
      signedOut: () => void client.invalidateQueries({ queryKey: ['me'] }),
    }),
    onSent((sent: Sent) => {
      if (sent.kind === 'chat.post') arrived(sent.answer as Message);
      else if (sent.kind === 'chat.receipt') again({ room: (sent.body as { room: string }).room });
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Shows a room as read before the server knows. */
export const showRead = (client: QueryClient, room: string, seq: number) =>
  client.setQueryData<Room[]>(roomsQuery.queryKey, (list) => list && withRead(list, room, seq));
