// Opens the chat with one person: the one that is there, else a new one.
import { useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { newId } from '../../api/id';
import { explain } from '../../api/problem';
import { useMe } from '../../app/session';
import { useT } from '../../i18n';
import { notify } from '../../ui/notices';
import { roomAddress } from './address';
import { createRoom, type NewRoom } from './api';
import type { Room } from './model';
import { roomsQuery } from './queries';

export function useOpenRoom() {
  const t = useT();
  const client = useQueryClient();
  const [, navigate] = useLocation();
  return async (wanted: Omit<NewRoom, 'id'>): Promise<boolean> => {
    try {
      const room = await createRoom({ id: newId(), ...wanted });
      navigate(roomAddress(room.id));
      void client.invalidateQueries(roomsQuery);
      return true;
    } catch (error) {
      notify({ tone: 'bad', text: explain(error, t) });
      return false;
    }
  };
}

export function useDirect() {
  const me = useMe();
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const open = useOpenRoom();
  return async (person: string): Promise<void> => {
    const self = person === me.personId;
    const known = client
      .getQueryData<Room[]>(roomsQuery.queryKey)
      ?.find((r) => (self ? r.kind === 'self' : r.peer?.id === person));
    if (known) navigate(roomAddress(known.id));
    else await open(self ? { kind: 'self', memberIds: [] } : { kind: 'direct', memberIds: [person] });
  };
}
