// 群公告 above the messages, until the person has closed this one.
import { CloseButton } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import { useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { roomAddress } from './address';
import type { Room } from './model';
import classes from './RoomNoticeBar.module.css';

const storageKey = (room: string) => `atrium-notice-${room}`;

export function RoomNoticeBar({ room }: { room: Room }) {
  const t = useT();
  const [closed, setClosed] = useState(() => localStorage.getItem(storageKey(room.id)));
  const notice = room.notice;
  if (!notice || notice.text === '' || closed === notice.at) return null;
  return (
    <div className={classes.bar}>
      <Icon name="megaphone" size={16} />
      <Link href={roomAddress(room.id, { panel: 'details' })} replace>
        {notice.text}
      </Link>
      <CloseButton
        size="sm"
        aria-label={t('action.close')}
        onClick={() => {
          localStorage.setItem(storageKey(room.id), notice.at);
          setClosed(notice.at);
        }}
      />
    </div>
  );
}
