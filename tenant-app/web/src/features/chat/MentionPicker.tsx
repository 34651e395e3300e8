// Whom to call: the members of the room by name or pinyin, with the keys of the input.
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type RefObject, useEffect, useState } from 'react';
import { useMe } from '../../app/session';
import { useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { isComposing } from '../../ui/ime';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { readMembers } from './api';
import classes from './MentionPicker.module.css';

type Person = { id: string; name: string; avatarText?: string; avatar?: string | undefined };

type Props = {
  room: string;
  q: string;
  all: boolean;
  input: RefObject<HTMLTextAreaElement | null>;
  onPick: (person: Person) => void;
  onClose: () => void;
};

const typingMs = 120;
const shownPeople = 8;

function usePeople(room: string, q: string, all: boolean): Person[] {
  const t = useT();
  const me = useMe();
  const [asked] = useDebouncedValue(q, typingMs);
  const { data } = useQuery({
    queryKey: ['chat', 'members', room, 'find', asked],
    queryFn: () => readMembers(room, asked, '', shownPeople),
    placeholderData: keepPreviousData,
  });
  const name = t('chat.everyone');
  const everybody = all && name.toLowerCase().startsWith(q.toLowerCase());
  const people = (data?.items ?? []).map((m) => m.person).filter((p) => p.id !== me.personId);
  return [...(everybody ? [{ id: 'all', name }] : []), ...people];
}

export default function MentionPicker({ room, q, all, input, onPick, onClose }: Props) {
  const t = useT();
  const people = usePeople(room, q, all);
  const [at, setAt] = useState(0);
  const current = Math.min(at, Math.max(0, people.length - 1));

  useEffect(() => {
    const area = input.current;
    if (!area || people.length === 0) return;
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (isComposing(event)) return;
      const person = people[current];
      if (event.key === 'ArrowDown') setAt((current + 1) % people.length);
      else if (event.key === 'ArrowUp') setAt((current - 1 + people.length) % people.length);
      else if ((event.key === 'Enter' || event.key === 'Tab') && person) onPick(person);
      else if (event.key === 'Escape') onClose();
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    area.addEventListener('keydown', onKey);
    return () => area.removeEventListener('keydown', onKey);
  }, [input, people, current, onPick, onClose]);

  if (people.length === 0) return null;
  return (
    <div className={classes.list} role="listbox" aria-label={t('chat.mention')}>
      {people.map((p, i) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the input answers the keys
        <div
          key={p.id}
          role="option"
          tabIndex={-1}
          aria-selected={i === current}
          className={classes.person}
          onPointerMove={() => setAt(i)}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onPick(p)}
        >
          {p.id === 'all' ? (
            <Icon name="people" size={24} />
          ) : (
            <PersonAvatar id={p.id} text={p.avatarText ?? p.name.slice(-2)} src={p.avatar} size={28} />
          )}
          {p.name}
        </div>
      ))}
    </div>
  );
}
