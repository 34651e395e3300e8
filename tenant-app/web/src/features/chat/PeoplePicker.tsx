// Chooses several people: by name, pinyin or number.
import { ActionIcon, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Person } from '../../api/types';
import { useMe } from '../../app/session';
import { useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { findQuery, peopleQuery } from '../directory/queries';
import classes from './PeoplePicker.module.css';
import { PickRow } from './PickRow';

export type Picked = { id: string; name: string; avatarText: string; avatar?: string | undefined };

const typingMs = 200;
const foundPeople = 30;

type Props = { picked: Picked[]; onChange: (picked: Picked[]) => void; except?: ReadonlySet<string> };

function useFound(typed: string): Person[] {
  const [q] = useDebouncedValue(typed.trim(), typingMs);
  const found = useQuery(findQuery(q, foundPeople));
  const all = useInfiniteQuery(peopleQuery({ place: 'all', below: true, q: '' }));
  if (typed.trim() !== '') return found.data?.items ?? [];
  return all.data?.pages[0]?.items ?? [];
}

export function PeoplePicker({ picked, onChange, except }: Props) {
  const t = useT();
  const me = useMe();
  const [typed, setTyped] = useState('');
  const people = useFound(typed).filter((p) => p.id !== me.personId && !except?.has(p.id));
  const chosen = new Set(picked.map((p) => p.id));
  const toggle = (p: Picked) =>
    onChange(chosen.has(p.id) ? picked.filter((x) => x.id !== p.id) : [...picked, p]);
  return (
    <div>
      <TextInput
        type="search"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        placeholder={t('directory.searchHint')}
        aria-label={t('directory.search')}
        leftSection={<Icon name="search" size={16} />}
        data-autofocus
      />
      {picked.length > 0 && (
        <ul className={classes.picked} aria-label={t('chat.picked')}>
          {picked.map((p) => (
            <li key={p.id}>
              {p.name}
              <ActionIcon
                variant="transparent"
                color="gray"
                size={24}
                aria-label={t('chat.unpick', { name: p.name })}
                onClick={() => toggle(p)}
              >
                <Icon name="close" size={14} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      )}
      <div className={classes.people}>
        {people.map((p) => (
          <PickRow
            key={p.id}
            name={p.name}
            hint={[p.posts[0]?.department.name, p.posts[0]?.position?.name].filter(Boolean).join(' · ')}
            sign={<PersonAvatar id={p.id} text={p.avatarText} src={p.avatar} size={32} />}
            chosen={chosen.has(p.id)}
            onToggle={() => toggle({ id: p.id, name: p.name, avatarText: p.avatarText, avatar: p.avatar })}
          />
        ))}
        {people.length === 0 && <p>{t('state.nothingFound')}</p>}
      </div>
    </div>
  );
}
