// Above every page: an urgent message that this person has not acknowledged.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import { explain } from '../../api/problem';
import { useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { notify } from '../../ui/notices';
import { roomAddress } from './address';
import { acknowledge } from './api';
import { logKey, roomsQuery, urgentQuery, useRooms } from './queries';
import { saidOf } from './rows';
import { lineOf } from './sentences';
import classes from './UrgentBar.module.css';

export function UrgentBar() {
  const t = useT();
  const client = useQueryClient();
  const rooms = useRooms().data ?? [];
  const waiting = rooms.some((r) => r.urgent > 0);
  const { data } = useQuery({ ...urgentQuery, enabled: waiting });
  const first = waiting ? data?.items[0] : undefined;
  const done = useMutation({
    mutationFn: acknowledge,
    onError: (error) => notify({ tone: 'bad', text: explain(error, t) }),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries(urgentQuery),
        client.invalidateQueries(roomsQuery),
        first && client.invalidateQueries({ queryKey: logKey({ room: first.message.roomId }) }),
      ]),
  });
  if (!first) return null;
  const { message } = first;
  const root = message.thread?.root;
  return (
    <div className={classes.bar} role="alert">
      <Icon name="urgent" size={18} />
      <Link href={roomAddress(message.roomId, root ? { thread: root } : { at: message.seq })}>
        <b>{t('chat.urgentFrom', { name: message.author?.name ?? '' })}</b> {lineOf(saidOf(message), t)}
      </Link>
      <button type="button" disabled={done.isPending} onClick={() => done.mutate(message.id)}>
        {t('chat.acknowledge')}
      </button>
    </div>
  );
}
