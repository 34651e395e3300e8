// Changes a room's name or its 群公告.
import { Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useT } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { Form } from '../../ui/Form';
import { changeRoom } from './api';
import type { Room } from './model';
import { useRoomChange } from './useRoomChange';

type Props = { room: Room; what: 'name' | 'notice'; text: string; onClose: () => void };

export default function RoomText({ room, what, text: first, onClose }: Props) {
  const t = useT();
  const [text, setText] = useState(first);
  const change = useRoomChange(room.id, () => changeRoom(room.id, { [what]: text.trim() }));
  const name = what === 'name';
  const title = t(name ? 'chat.rename' : 'chat.notice');
  const input = {
    value: text,
    'aria-label': title,
    'data-autofocus': true,
  };
  return (
    <Dialog title={title} onClose={onClose} size={name ? 'sm' : 'md'} full={!name}>
      <Form
        error={change.error}
        busy={change.isPending}
        submit={t('action.save')}
        onSubmit={() => change.mutate(undefined, { onSuccess: onClose })}
        onCancel={onClose}
        disabled={text.trim() === first.trim() || (name && text.trim() === '')}
      >
        {name ? (
          <TextInput {...input} maxLength={64} onChange={(event) => setText(event.currentTarget.value)} />
        ) : (
          <Textarea
            {...input}
            autosize
            minRows={4}
            maxRows={14}
            maxLength={2_000}
            placeholder={t('chat.noticeHint')}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
      </Form>
    </Dialog>
  );
}
