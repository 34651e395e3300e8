// Beside a room: a thread, its details, or a search in it. On a phone it takes the room's place.
import { ActionIcon } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { type Panel, useChatAddress } from './address';
import { Details } from './Details';
import type { Room } from './model';
import { RoomSearch } from './RoomSearch';
import classes from './SidePanel.module.css';
import { Thread } from './Thread';

type Props = {
  room: Room;
  panel: Panel | undefined;
  thread: string | undefined;
};

export default function SidePanel({ room, panel, thread }: Props) {
  const t = useT();
  const { close } = useChatAddress();
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (panel !== 'search') button.current?.focus({ preventScroll: true });
  }, [panel]);
  const title = t(thread ? 'chat.thread' : panel === 'search' ? 'chat.search' : 'chat.details');
  return (
    <section
      className={classes.panel}
      aria-label={title}
      onKeyDown={(event) => event.key === 'Escape' && !event.defaultPrevented && close()}
    >
      <header className={classes.head}>
        <h2>{title}</h2>
        <ActionIcon
          ref={button}
          variant="subtle"
          color="gray"
          size={40}
          aria-label={t('action.close')}
          onClick={close}
        >
          <Icon name="close" />
        </ActionIcon>
      </header>
      {thread && <Thread key={thread} room={room} root={thread} />}
      {!thread && panel === 'search' && <RoomSearch room={room} />}
      {!thread && panel === 'details' && <Details room={room} />}
    </section>
  );
}
