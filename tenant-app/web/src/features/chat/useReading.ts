// Tells the server how far the person has read: what was on screen while the page was in front.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useSyncExternalStore } from 'react';
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
  const latest = useRef(upTo);
  latest.current = upTo;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    // A timer that runs is not set back: in a busy room there would never be a rest.
    if (!front || upTo <= known || timer.current) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      const read = latest.current;
      void markRead({ room: place.room, seq: read, ...(place.thread ? { thread: place.thread } : {}) });
      if (!place.thread) showRead(client, place.room, read);
    }, restMs);
  }, [client, front, place, upTo, known]);
}

function lastSeq(rows: Row[], last: number): number {
  for (let i = Math.min(last, rows.length - 1); i >= 0; i--) {
    const row = rows[i];
    if (row?.kind === 'message') return row.message.seq;
  }
  return 0;
}
