import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useT } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { addMembers, readMembers } from './api';
import type { Room } from './model';
import classes from './NewRoom.module.css';
import { PeoplePicker, type Picked } from './PeoplePicker';
import { useRoomChange } from './useRoomChange';

const known = 100;

export default function AddMembers({ room, onClose }: { room: Room; onClose: () => void }) {
  const t = useT();
  const [picked, setPicked] = useState<Picked[]>([]);
  const { data } = useQuery({
    queryKey: ['chat', 'members', room.id, 'except'],
    queryFn: () => readMembers(room.id, '', '', known),
  });
  const change = useRoomChange(
    room.id,
    () =>
      addMembers(
        room.id,
        picked.map((p) => p.id),
      ),
    'chat.added',
  );
  return (
    <Dialog title={t('chat.addMembers')} onClose={onClose}>
      <PeoplePicker
        picked={picked}
        onChange={setPicked}
        except={new Set(data?.items.map((m) => m.person.id))}
      />
      <div className={classes.actions}>
        <Button variant="default" onClick={onClose}>
          {t('action.cancel')}
        </Button>
        <Button
          disabled={picked.length === 0}
          loading={change.isPending}
          onClick={() => change.mutate(undefined, { onSuccess: onClose })}
        >
          {t('chat.addCount', { count: picked.length })}
        </Button>
      </div>
    </Dialog>
  );
}
