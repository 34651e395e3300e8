// 转发: to rooms that one is in, or to a person.
import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { newId } from '../../api/id';
import { explain } from '../../api/problem';
import { useT } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/Icon';
import { notify } from '../../ui/notices';
import { forwardMessages } from './api';
import type { Message } from './model';
import classes from './NewRoom.module.css';
import picker from './PeoplePicker.module.css';
import { PickRow } from './PickRow';
import { roomsQuery } from './queries';
import { RoomAvatar } from './RoomAvatar';
import { roomName } from './sentences';

const maxRooms = 9;

type Props = { messages: Message[]; merged?: boolean; onDone?: () => void; onClose: () => void };

export function ForwardDialog({ messages, merged = false, onDone, onClose }: Props) {
  const t = useT();
  const { data: rooms = [] } = useQuery(roomsQuery);
  const [q, setQ] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const send = useMutation({
    mutationFn: () => {
      const each = merged ? 1 : messages.length;
      return forwardMessages({
        ids: Array.from({ length: chosen.size * each }, () => newId()),
        messageIds: messages.map((m) => m.id),
        roomIds: [...chosen],
        merged,
      });
    },
    onSuccess: () => {
      notify({ tone: 'good', text: t('chat.forwardDone') });
      onDone?.();
      onClose();
    },
    onError: (error) => notify({ tone: 'bad', text: explain(error, t) }),
  });
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id) && next.size < maxRooms) next.add(id);
    setChosen(next);
  };
  const shown = rooms.filter(
    (r) => r.maySpeak && roomName(r, t).toLowerCase().includes(q.trim().toLowerCase()),
  );
  return (
    <Dialog title={t(merged ? 'chat.forwardMerged' : 'chat.forward')} onClose={onClose}>
      <TextInput
        type="search"
        value={q}
        onChange={(event) => setQ(event.currentTarget.value)}
        placeholder={t('chat.filter')}
        aria-label={t('chat.filter')}
        leftSection={<Icon name="search" size={16} />}
        data-autofocus
      />
      <div className={picker.people}>
        {shown.map((room) => (
          <PickRow
            key={room.id}
            name={roomName(room, t)}
            sign={<RoomAvatar room={room} size={32} />}
            chosen={chosen.has(room.id)}
            onToggle={() => toggle(room.id)}
          />
        ))}
        {shown.length === 0 && <p>{t('state.nothingFound')}</p>}
      </div>
      <div className={classes.actions}>
        <Button variant="default" onClick={onClose}>
          {t('action.cancel')}
        </Button>
        <Button disabled={chosen.size === 0} loading={send.isPending} onClick={() => send.mutate()}>
          {t('chat.forwardTo', { count: chosen.size })}
        </Button>
      </div>
    </Dialog>
  );
}
