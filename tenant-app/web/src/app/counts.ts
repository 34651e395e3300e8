// The numbers on the places, and on the app's icon.
import { useEffect } from 'react';
import { useRooms } from '../features/chat/queries';
import { unreadIn } from '../features/chat/rooms';
import { useTodoCounts } from '../features/todo/queries';
import { showUnread } from '../ui/title';

/** How much waits at a place, by its path. */
export function useCounts(): Record<string, number> {
  const { data: rooms = [] } = useRooms();
  const waiting = Object.values(useTodoCounts()).reduce((a, b) => a + b, 0);
  return { '/chat': unreadIn(rooms), '/todo': waiting };
}

/** Icon and title of the browser's tab say how much waits. */
export function useBadge(): void {
  const counts = useCounts();
  const sum = Object.values(counts).reduce((a, b) => a + b, 0);
  useEffect(() => {
    showUnread(sum);
    if (!('setAppBadge' in navigator)) return;
    void (sum > 0 ? navigator.setAppBadge(sum) : navigator.clearAppBadge()).catch(() => undefined);
  }, [sum]);
}
