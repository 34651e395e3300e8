// A search in one room.
import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { useMe } from '../../app/session';
import { useLanguage } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { useMinute } from '../../ui/minute';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { roomAddress } from './address';
import { searchRoom } from './api';
import type { Message, Room } from './model';
import classes from './RoomSearch.module.css';
import { saidOf } from './rows';
import { lineOf, roomName, whenText } from './sentences';
import { atLength } from './time';

const typingMs = 250;

export function RoomSearch({ room }: { room: Room }) {
  const { t } = useLanguage();
  const [typed, setTyped] = useState('');
  const [q] = useDebouncedValue(typed.trim(), typingMs);
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ['chat', 'search', room.id, q],
    queryFn: () => searchRoom(room.id, q),
    enabled: q !== '',
    placeholderData: keepPreviousData,
  });
  const found = data?.items ?? [];
  return (
    <>
      <div className={classes.field}>
        <TextInput
          type="search"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          placeholder={t('chat.searchHint')}
          aria-label={t('chat.search')}
          leftSection={<Icon name="search" size={16} />}
          ref={(input) => input?.focus()}
        />
      </div>
      <div className={classes.hits}>
        {q === '' && <Blank icon="search" title={t('chat.searchBegin', { name: roomName(room, t) })} />}
        {q !== '' && error && <Failed error={error} retry={() => void refetch()} />}
        {q !== '' && !data && isFetching && <SkeletonRows rows={4} />}
        {q !== '' && data && found.length === 0 && !isFetching && (
          <Blank icon="search" title={t('state.nothingFound')} />
        )}
        {q !== '' && found.map((m) => <Hit key={m.id} message={m} q={q} />)}
      </div>
    </>
  );
}

function Hit({ message, q }: { message: Message; q: string }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const now = useMinute();
  const line = lineOf(saidOf(message), t);
  const at = line.toLowerCase().indexOf(q.toLowerCase());
  return (
    <Link
      href={`${roomAddress(message.roomId, { panel: 'search', at: message.seq })}`}
      replace
      className={classes.hit}
    >
      <PersonAvatar
        id={message.author?.id ?? ''}
        text={message.author?.avatarText ?? ''}
        src={message.author?.avatar}
        size={34}
      />
      <span className={classes.texts}>
        <span className={classes.who}>
          {message.author?.name}
          <time dateTime={message.at}>{whenText(atLength(lang, message.at, timezone, now), t)}</time>
        </span>
        <span className={classes.line}>
          {at < 0 ? (
            line
          ) : (
            <>
              {line.slice(Math.max(0, at - 20), at)}
              <mark>{line.slice(at, at + q.length)}</mark>
              {line.slice(at + q.length, at + q.length + 60)}
            </>
          )}
        </span>
      </span>
    </Link>
  );
}
