// The rooms of this person, the latest first, and the way to a new one.
import { ActionIcon, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import { useT } from '../../i18n';
import { Icon, type IconName } from '../../ui/Icon';
import { usePhone } from '../../ui/media';
import { useMinute } from '../../ui/minute';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { useTitle } from '../../ui/title';
import { walk } from '../../ui/walk';
import { findQuery } from '../directory/queries';
import { type Drafts, useDrafts } from './drafts';
import type { Room } from './model';
import { useRooms } from './queries';
import classes from './RoomList.module.css';
import { RoomRow } from './RoomRow';
import { roomName } from './sentences';
import { useDirect } from './useDirect';

const NewRoom = lazy(() => import('./NewRoom'));

const rowHeight = 68;
const typingMs = 200;

export function RoomList({ selected }: { selected: string | undefined }) {
  const t = useT();
  const phone = usePhone();
  const [path, navigate] = useLocation();
  const search = useSearch();
  const making = new URLSearchParams(search).has('new');
  const { data: rooms, error, refetch } = useRooms();
  const [q, setQ] = useState('');
  useTitle(t('nav.chat'));
  const wanted = q.trim().toLowerCase();
  const shown = rooms?.filter((r) => roomName(r, t).toLowerCase().includes(wanted)) ?? [];
  return (
    <>
      <header className={classes.head}>
        <h1>{t('nav.chat')}</h1>
        {phone && <HeadButton href="/search" label={t('shell.search')} icon="search" />}
        <HeadButton href="/chat/later" label={t('chat.later')} icon="clock" />
        <HeadButton href={`${path}?new=1`} label={t('chat.new')} icon="plus" main />
      </header>
      <div className={classes.filter}>
        <TextInput
          type="search"
          value={q}
          onChange={(event) => setQ(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Escape' && setQ('')}
          placeholder={t('chat.filter')}
          aria-label={t('chat.filter')}
          leftSection={<Icon name="search" size={16} />}
        />
      </div>
      {!rooms && (error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />)}
      {rooms && shown.length > 0 && <Rows rooms={shown} selected={selected} />}
      {wanted !== '' && (
        <Link href={`/search?${new URLSearchParams({ q: q.trim() })}`} className={classes.everywhere}>
          <Icon name="search" size={16} />
          {t('search.inAll', { q: q.trim() })}
        </Link>
      )}
      {rooms && wanted !== '' && <People q={q.trim()} onPick={() => setQ('')} />}
      {rooms?.length === 0 && wanted === '' && (
        <Blank icon="chat" title={t('chat.none')} text={t('chat.noneHint')} />
      )}
      {making && (
        <Suspense fallback={null}>
          <NewRoom onClose={() => navigate(path, { replace: true })} />
        </Suspense>
      )}
    </>
  );
}

type HeadProps = { href: string; label: string; icon: IconName; main?: boolean };

function HeadButton({ href, label, icon, main = false }: HeadProps) {
  return (
    <ActionIcon
      component={Link}
      href={href}
      variant={main ? 'light' : 'subtle'}
      {...(!main && { color: 'gray' })}
      size={40}
      aria-label={label}
      title={label}
    >
      <Icon name={icon} />
    </ActionIcon>
  );
}

function Rows({ rooms, selected }: { rooms: Room[]; selected: string | undefined }) {
  const t = useT();
  const drafts: Drafts = useDrafts();
  const now = useMinute();
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rooms.length,
    getScrollElement: () => scroll.current,
    getItemKey: (i) => rooms[i]?.id ?? i,
    estimateSize: () => rowHeight,
    overscan: 6,
  });
  const at = useRef(-1);
  at.current = rooms.findIndex((r) => r.id === selected);
  // When another room is chosen: not each time the order changes.
  useEffect(() => {
    if (selected && at.current >= 0) virtual.scrollToIndex(at.current, { align: 'auto' });
  }, [selected, virtual]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move between the links inside
    <div className={classes.scroll} ref={scroll} onKeyDown={walk}>
      <ul className={classes.rows} style={{ height: virtual.getTotalSize() }} aria-label={t('chat.rooms')}>
        {virtual.getVirtualItems().map((item) => {
          const room = rooms[item.index];
          return (
            <li key={item.key} className={classes.cell} style={{ transform: `translateY(${item.start}px)` }}>
              {room && (
                <RoomRow room={room} here={room.id === selected} draft={drafts[room.id] ?? ''} now={now} />
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** People of that name: writing to somebody for the first time needs no detour. */
function People({ q, onPick }: { q: string; onPick: () => void }) {
  const t = useT();
  const direct = useDirect();
  const [asked] = useDebouncedValue(q, typingMs);
  const { data } = useQuery(findQuery(asked));
  const people = data?.items ?? [];
  return (
    <section className={classes.people} aria-label={t('chat.people')}>
      <h2>{t('chat.people')}</h2>
      {people.map((p) => (
        <button
          key={p.id}
          type="button"
          className={classes.person}
          onClick={() => {
            onPick();
            void direct(p.id);
          }}
        >
          <PersonAvatar id={p.id} text={p.avatarText} src={p.avatar} size={36} />
          <span>
            {p.name}
            <small>{p.posts[0]?.department.name}</small>
          </span>
        </button>
      ))}
      {data && people.length === 0 && <p>{t('state.nothingFound')}</p>}
    </section>
  );
}
