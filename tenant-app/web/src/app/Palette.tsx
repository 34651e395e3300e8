// Ctrl-K: jump to a place or a person without the mouse.
import { Modal } from '@mantine/core';
import '@mantine/core/styles/Overlay.layer.css';
import '@mantine/core/styles/ModalBase.layer.css';
import '@mantine/core/styles/Modal.layer.css';
import '@mantine/core/styles/Paper.layer.css';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, type ReactNode, useState } from 'react';
import { useLocation } from 'wouter';
import { roomAddress } from '../features/chat/address';
import { roomsQuery } from '../features/chat/queries';
import { RoomAvatar } from '../features/chat/RoomAvatar';
import { roomName } from '../features/chat/sentences';
import { findQuery } from '../features/directory/queries';
import { useT } from '../i18n';
import { Icon } from '../ui/Icon';
import { isComposing } from '../ui/ime';
import { PersonAvatar } from '../ui/PersonAvatar';
import classes from './Palette.module.css';
import { adminPlaces, beginnings, mePlaces, places, visibleTo, workPlaces } from './places';
import { useMe } from './session';

type Hit = { key: string; href: string; label: string; hint: string; sign: ReactNode };

const typingMs = 120;

function usePlaces(q: string): Hit[] {
  const t = useT();
  const me = useMe();
  return [...places, ...beginnings, ...workPlaces, ...adminPlaces, ...mePlaces]
    .filter(visibleTo(me.rights))
    .map((p) => ({ key: p.path, href: p.path, label: t(p.label), hint: '', sign: <Icon name={p.icon} /> }))
    .filter((p) => p.label.toLowerCase().includes(q.toLowerCase()));
}

const shownRooms = 6;

function useChats(q: string): Hit[] {
  const t = useT();
  const { data = [] } = useQuery(roomsQuery);
  if (q === '') return [];
  return data
    .filter((room) => room.kind !== 'direct' && roomName(room, t).toLowerCase().includes(q.toLowerCase()))
    .slice(0, shownRooms)
    .map((room) => ({
      key: room.id,
      href: roomAddress(room.id),
      label: roomName(room, t),
      hint: t('nav.chat'),
      sign: <RoomAvatar room={room} size={28} />,
    }));
}

function usePeople(q: string): Hit[] {
  const [asked] = useDebouncedValue(q, typingMs);
  const { data } = useQuery(findQuery(asked));
  if (q === '') return [];
  return (data?.items ?? []).map((p) => ({
    key: p.id,
    href: `/directory?person=${p.id}`,
    label: p.name,
    hint: [p.posts[0]?.department.name, p.posts[0]?.position?.name].filter(Boolean).join(' · '),
    sign: <PersonAvatar id={p.id} text={p.avatarText} src={p.avatar} size={28} />,
  }));
}

export default function Palette({ onClose }: { onClose: () => void }) {
  const t = useT();
  const [, navigate] = useLocation();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const q = typed.trim();
  const jumps = usePlaces(q);
  const people = usePeople(q);
  const hits = [...people, ...useChats(q), ...jumps];
  const current = Math.min(at, Math.max(0, hits.length - 1));

  const go = (hit: Hit | undefined) => {
    if (!hit) return;
    onClose();
    navigate(hit.href);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event.nativeEvent)) return;
    if (event.key === 'ArrowDown') setAt((current + 1) % Math.max(1, hits.length));
    else if (event.key === 'ArrowUp') setAt((current - 1 + hits.length) % Math.max(1, hits.length));
    else if (event.key === 'Enter') go(hits[current]);
    else return;
    event.preventDefault();
  };

  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size={560}
      yOffset="12vh"
      attributes={{ content: { 'aria-label': t('shell.search') } }}
      transitionProps={{ duration: 100 }}
    >
      <div className={classes.field}>
        <Icon name="search" />
        <input
          data-autofocus
          data-at-plain
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          placeholder={t('palette.hint')}
          aria-label={t('palette.hint')}
          role="combobox"
          aria-expanded
          aria-controls="palette-hits"
          aria-activedescendant={hits[current] ? `hit-${hits[current].key}` : undefined}
          autoComplete="off"
          spellCheck={false}
        />
        <kbd>{t('palette.escape')}</kbd>
      </div>
      <div id="palette-hits" role="listbox" aria-label={t('palette.results')} className={classes.hits}>
        {hits.map((hit, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input above answers the keys
          <div
            key={hit.key}
            id={`hit-${hit.key}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === current}
            className={classes.hit}
            onPointerMove={() => setAt(i)}
            onClick={() => go(hit)}
          >
            <span className={classes.sign}>{hit.sign}</span>
            <span className={classes.label}>{hit.label}</span>
            <span className={classes.hint}>{hit.hint}</span>
          </div>
        ))}
      </div>
      {hits.length === 0 && <p className={classes.none}>{t('state.nothingFound')}</p>}
    </Modal>
  );
}
