// Tells the server how far the person has read: what was on screen while the page was in front.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { useConversation } from './conversation';
import { markRead } from './outgoing';
import type { Row } from './rows';
import { showRead } from './sync';

const restMs = 400;

function subscribe(listener: () => void) {
  document.addEventListener('visibilitychange', listener);
  return () => document.removeEventListener('visibilitychange', listener);
}

const inFront = () => document.visibilityState === 'visible';

export function useReading(rows: Row[], last: number, newer: boolean): void {
  const client = useQueryClient();
  const { room, place } = useConversation();
  const front = useSyncExternalStore(subscribe, inFront);
  const seq = lastSeq(rows, last);
  const known = place.thread ? 0 : room.readSeq;
  // Replies are no messages of the room: at its end everything is read.
  const upTo = !place.thread && !newer && last >= rows.length - 1 ? Math.max(seq, room.lastSeq) : seq;
  useEffect(() => {
    if (!front || upTo <= known) return;
    const timer = setTimeout(() => {
      void markRead({ room: place.room, seq: upTo, ...(place.thread ? { thread: place.thread } : {}) });
      if (!place.thread) showRead(client, place.room, upTo);
    }, restMs);
    return () => clearTimeout(timer);
  }, [client, front, place, upTo, known]);
}

function lastSeq(rows: Row[], last: number): number {
  for (let i = Math.min(last, rows.length - 1); i >= 0; i--) {
    const row = rows[i];
    if (row?.kind === 'message') return row.message.seq;
  }
  return 0;
}
