// What a room is: its people, its 群公告, and what this person can do with it.
import { Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useMe } from '../../app/session';
import { useLanguage, useT } from '../../i18n';
import { formatTime } from '../../i18n/format';
import { Confirm } from '../../ui/Confirm';
import { Icon } from '../../ui/Icon';
import { removeMember, setRoom } from './api';
import classes from './Details.module.css';
import { Members } from './Members';
import type { Room } from './model';
import { RoomAvatar } from './RoomAvatar';
import { roomName } from './sentences';
import { useRoomChange } from './useRoomChange';

const RoomText = lazy(() => import('./RoomText'));

export function Details({ room }: { room: Room }) {
  const t = useT();
  const many = room.kind === 'group' || room.kind === 'department';
  return (
    <div className={classes.details}>
      <div className={classes.top}>
        <RoomAvatar room={room} size={52} />
        <div>
          <strong>{roomName(room, t)}</strong>
          {room.peer && (
            <Link href={`/directory?person=${room.peer.id}`} className={classes.card}>
              {t('chat.card')}
            </Link>
          )}
          {many && <span>{t('chat.memberCount', { count: room.members })}</span>}
        </div>
      </div>
      {many && <Texts room={room} />}
      <Switches room={room} />
      {many && <Members room={room} />}
      {room.kind === 'group' && <Leave room={room} />}
    </div>
  );
}

function Texts({ room }: { room: Room }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const [open, setOpen] = useState<'name' | 'notice'>();
  const notice = room.notice;
  return (
    <section className={classes.section}>
      <h3>
        {t('chat.notice')}
        {room.mayManage && (
          <Button size="compact-sm" variant="subtle" onClick={() => setOpen('notice')}>
            {t(notice?.text ? 'chat.noticeEdit' : 'chat.noticeAdd')}
          </Button>
        )}
      </h3>
      {notice?.text ? (
        <>
          <p className={classes.notice}>{notice.text}</p>
          <p className={classes.dim}>
            {notice.by.name} · {formatTime(lang, notice.at, timezone)}
          </p>
        </>
      ) : (
        <p className={classes.dim}>{t('chat.noticeNone')}</p>
      )}
      {room.mayManage && room.kind === 'group' && (
        <Button
          variant="default"
          size="compact-md"
          leftSection={<Icon name="edit" size={16} />}
          onClick={() => setOpen('name')}
        >
          {t('chat.rename')}
        </Button>
      )}
      {open && (
        <Suspense fallback={null}>
          <RoomText
            room={room}
            what={open}
            text={open === 'name' ? room.name : (notice?.text ?? '')}
            onClose={() => setOpen(undefined)}
          />
        </Suspense>
      )}
    </section>
  );
}

function Switches({ room }: { room: Room }) {
  const t = useT();
  const change = useRoomChange(room.id, (settings: { pinned?: boolean; muted?: boolean }) =>
    setRoom(room.id, { pinned: room.pinned, muted: room.muted, ...settings }),
  );
  // At once what was pressed, until the server says what holds.
  const shown = { ...room, ...(change.isPending ? change.variables : {}) };
  return (
    <section className={classes.section}>
      <Toggle label={t('chat.pinned')} on={shown.pinned} onChange={(pinned) => change.mutate({ pinned })} />
      <Toggle label={t('chat.muted')} on={shown.muted} onChange={(muted) => change.mutate({ muted })} />
    </section>
  );
}

type ToggleProps = { label: string; on: boolean; onChange: (on: boolean) => void };

function Toggle({ label, on, onChange }: ToggleProps) {
  return (
    <label className={classes.toggle}>
      {label}
      <input
        type="checkbox"
        role="switch"
        aria-checked={on}
        checked={on}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    </label>
  );
}

function Leave({ room }: { room: Room }) {
  const t = useT();
  const me = useMe();
  const [, navigate] = useLocation();
  const [asking, setAsking] = useState(false);
  const change = useRoomChange(room.id, () => removeMember(room.id, me.personId), 'chat.left');
  const owner = room.ownerId === me.personId;
  return (
    <>
      <Button variant="default" c="var(--at-danger)" onClick={() => setAsking(true)}>
        {t('chat.leave')}
      </Button>
      {asking && (
        <Confirm
          title={t('chat.leave')}
          text={t(owner && room.members > 1 ? 'chat.leaveOwner' : 'chat.leaveText', { name: room.name })}
          confirm={t('chat.leave')}
          danger
          busy={change.isPending}
          onConfirm={() =>
            change.mutate(undefined, {
              onSuccess: () => navigate('/chat', { replace: true }),
              onSettled: () => setAsking(false),
            })
          }
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
