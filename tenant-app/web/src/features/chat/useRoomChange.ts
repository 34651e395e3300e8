// How a change of a room is sent.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { explain } from '../../api/problem';
import { type Key, useT } from '../../i18n';
import { notify } from '../../ui/notices';
import { roomsQuery } from './queries';

/** A change of the room: list and details are read again, a refusal is told. */
export function useRoomChange<V>(room: string, act: (value: V) => Promise<unknown>, done?: Key) {
  const t = useT();
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: () => {
      if (done) notify({ tone: 'good', text: t(done) });
    },
    onError: (error) => notify({ tone: 'bad', text: explain(error, t) }),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries(roomsQuery),
        client.invalidateQueries({ queryKey: ['chat', 'room', room] }),
        client.invalidateQueries({ queryKey: ['chat', 'members', room] }),
      ]),
  });
}
