// Ctrl-K: jump to a place, a person, or what was said, without the mouse.
import { Modal } from '@mantine/core';
import '@mantine/core/styles/Overlay.layer.css';
import '@mantine/core/styles/ModalBase.layer.css';
import '@mantine/core/styles/Modal.layer.css';
import '@mantine/core/styles/Paper.layer.css';
import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, type ReactNode, useState } from 'react';
import { useLocation } from 'wouter';
import { roomAddress } from '../features/chat/address';
import { roomsQuery } from '../features/chat/queries';
import { RoomAvatar } from '../features/chat/RoomAvatar';
import { roomName } from '../features/chat/sentences';
import { Marked, usePlaceOf } from '../features/search/HitRow';
import { hrefOf, personAddress, searchAddress, signOf } from '../features/search/hits';
import { glanceQuery } from '../features/search/queries';
import { rememberSearch, useSearches } from '../features/search/searches';
import { useField } from '../features/search/useField';
import { useT } from '../i18n';
import { Icon } from '../ui/Icon';
import { isComposing } from '../ui/ime';
import { PersonAvatar } from '../ui/PersonAvatar';
import classes from './Palette.module.css';
import { adminPlaces, beginnings, mePlaces, places, visibleTo, workPlaces } from './places';
import { useMe } from './session';

type Line = { key: string; label: ReactNode; hint?: string; sign: ReactNode } & (
  | { href: string; found?: boolean }
  | { search: string }
);

const shownRooms = 6;
const shownFound = 6;
const shownRecent = 5;

function usePlaces(q: string): Line[] {
  const t = useT();
  const me = useMe();
  return [...places, ...beginnings, ...workPlaces, ...adminPlaces, ...mePlaces]
    .filter(visibleTo(me.rights))
    .filter((p) => t(p.label).toLowerCase().includes(q.toLowerCase()))
    .map((p) => ({ key: p.path, href: p.path, label: t(p.label), sign: <Icon name={p.icon} /> }));
}

function useChats(q: string): Line[] {
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

/** People and what was said, written and sent, as far as the server has answered. */
function useFound(asked: string): { people: Line[]; found: Line[] } {
  const placeOf = usePlaceOf();
  const { data } = useQuery(glanceQuery(asked, shownFound));
  if (asked === '' || !data) return { people: [], found: [] };
  const people = data.people.map((p) => ({
    key: p.id,
    href: personAddress(p.id),
    label: p.name,
    hint: p.department ?? '',
    sign: <PersonAvatar id={p.id} text={p.avatarText} src={p.avatar} size={28} />,
    found: true,
  }));
  const found: Line[] = [];
  for (const hit of data.items) {
    const href = hrefOf(hit);
    if (!href) continue;
    found.push({
      key: hit.kind + hit.ref,
      href,
      label: <Marked parts={hit.kind === 'message' ? hit.snippet : hit.title} />,
      hint: placeOf(hit),
      sign: <Icon name={signOf(hit)} />,
      found: true,
    });
  }
  return { people, found };
}

function useRest(q: string): Line[] {
  const t = useT();
  const searches = useSearches(useMe().personId);
  const sign = <Icon name="clock" />;
  if (q === '')
    return searches
      .slice(0, shownRecent)
      .map((search) => ({ key: `search:${search}`, search, label: search, sign }));
  return [
    { key: 'all', href: searchAddress(q), label: t('search.seeAll', { q }), sign: <Icon name="search" /> },
  ];
}

export default function Palette({ onClose }: { onClose: () => void }) {
  const t = useT();
  const me = useMe();
  const [, navigate] = useLocation();
  const { typed: q, asked, set, input } = useField();
  const [at, setAt] = useState(0);
  const jumps = usePlaces(q);
  const { people, found } = useFound(asked);
  const chats = useChats(q);
  const rest = useRest(q);
  const lines = q === '' ? [...rest, ...jumps] : [...people, ...chats, ...jumps, ...found, ...rest];
  const current = Math.min(at, Math.max(0, lines.length - 1));

  const go = (line: Line | undefined) => {
    if (!line) return;
    if ('search' in line) {
      set(line.search);
      setAt(0);
      return;
    }
    if (line.found) rememberSearch(me.personId, q);
    onClose();
    navigate(line.href);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event.nativeEvent)) return;
    if (event.key === 'ArrowDown') setAt((current + 1) % Math.max(1, lines.length));
    else if (event.key === 'ArrowUp') setAt((current - 1 + lines.length) % Math.max(1, lines.length));
    else if (event.key === 'Enter') go(lines[current]);
    else return;
    event.preventDefault();
  };

  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size={620}
      yOffset="12vh"
      attributes={{ content: { 'aria-label': t('shell.search') } }}
      transitionProps={{ duration: 100 }}
    >
      <div className={classes.field}>
        <Icon name="search" />
        <input
          {...input}
          data-autofocus
          data-at-plain
          onInput={() => setAt(0)}
          onKeyDown={onKeyDown}
          placeholder={t('palette.hint')}
          aria-label={t('palette.hint')}
          role="combobox"
          aria-expanded
          aria-controls="palette-hits"
          aria-activedescendant={lines[current] ? `hit-${current}` : undefined}
        />
        <kbd>{t('palette.escape')}</kbd>
      </div>
      <div id="palette-hits" role="listbox" aria-label={t('palette.results')} className={classes.hits}>
        {lines.map((line, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input above answers the keys
          <div
            key={line.key}
            id={`hit-${i}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === current}
            className={classes.hit}
            onPointerMove={() => setAt(i)}
            onClick={() => go(line)}
          >
            <span className={classes.sign}>{line.sign}</span>
            <span className={classes.label}>{line.label}</span>
            <span className={classes.hint}>{line.hint}</span>
          </div>
        ))}
      </div>
    </Modal>
  );
}
