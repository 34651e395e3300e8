// The people of a room, found by name or pinyin, read while scrolling.
import { ActionIcon, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useMe } from '../../app/session';
import { useT } from '../../i18n';
import { type Action, ActionMenu } from '../../ui/ActionMenu';
import { Confirm } from '../../ui/Confirm';
import { Icon } from '../../ui/Icon';
import { Failed, SkeletonRows } from '../../ui/states';
import { giveRoom, readMembers, removeMember } from './api';
import classes from './Members.module.css';
import type { Member, Room } from './model';
import { PeopleRows } from './PeopleRows';
import { useDirect } from './useDirect';
import { useRoomChange } from './useRoomChange';

const AddMembers = lazy(() => import('./AddMembers'));
const typingMs = 200;

type Asking = { what: 'remove' | 'give'; member: Member };

export function Members({ room }: { room: Room }) {
  const t = useT();
  const [typed, setTyped] = useState('');
  const [q] = useDebouncedValue(typed.trim(), typingMs);
  const [adding, setAdding] = useState(false);
  const [asking, setAsking] = useState<Asking>();
  const list = useInfiniteQuery({
    queryKey: ['chat', 'members', room.id, q],
    queryFn: ({ pageParam }) => readMembers(room.id, q, pageParam),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  });
  const members = list.data?.pages.flatMap((page) => page.items);
  return (
    <section className={classes.section} aria-label={t('chat.members')}>
      <header className={classes.head}>
        <h3>{t('chat.memberCount', { count: room.members })}</h3>
        {room.mayInvite && (
          <ActionIcon
            variant="light"
            size={36}
            aria-label={t('chat.addMembers')}
            title={t('chat.addMembers')}
            onClick={() => setAdding(true)}
          >
            <Icon name="plus" />
          </ActionIcon>
        )}
      </header>
      {room.members > 8 && (
        <TextInput
          type="search"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          placeholder={t('person.find')}
          aria-label={t('chat.findMember')}
          leftSection={<Icon name="search" size={16} />}
        />
      )}
      {!members &&
        (list.error ? (
          <Failed error={list.error} retry={() => void list.refetch()} />
        ) : (
          <SkeletonRows rows={4} />
        ))}
      {members && (
        <PeopleRows
          people={members}
          personOf={(m) => m.person}
          line={(m) => (m.role === 'owner' ? t('chat.owner') : '')}
          extra={(m) => <MemberMenu member={m} room={room} onAsk={setAsking} />}
          more={list.hasNextPage && !list.isFetchingNextPage ? () => void list.fetchNextPage() : undefined}
        />
      )}
      {adding && (
        <Suspense fallback={null}>
          <AddMembers room={room} onClose={() => setAdding(false)} />
        </Suspense>
      )}
      {asking && <Ask room={room} asking={asking} onClose={() => setAsking(undefined)} />}
    </section>
  );
}

type MenuProps = { member: Member; room: Room; onAsk: (asking: Asking) => void };

function MemberMenu({ member, room, onAsk }: MenuProps) {
  const t = useT();
  const me = useMe();
  const direct = useDirect();
  if (member.person.id === me.personId) return null;
  const manages = room.mayManage && room.kind === 'group';
  const actions: Action[] = [
    { label: t('chat.write'), icon: 'chat', run: () => void direct(member.person.id) },
    ...(manages
      ? [
          { label: t('chat.give'), icon: 'star' as const, run: () => onAsk({ what: 'give', member }) },
          {
            label: t('chat.remove'),
            icon: 'close' as const,
            run: () => onAsk({ what: 'remove', member }),
            danger: true,
          },
        ]
      : []),
  ];
  return <ActionMenu label={t('chat.memberActions', { name: member.person.name })} actions={actions} />;
}

function Ask({ room, asking, onClose }: { room: Room; asking: Asking; onClose: () => void }) {
  const t = useT();
  const { person } = asking.member;
  const remove = asking.what === 'remove';
  const change = useRoomChange(
    room.id,
    () => (remove ? removeMember(room.id, person.id) : giveRoom(room.id, person.id)),
    remove ? 'chat.removed' : 'chat.given',
  );
  const title = t(remove ? 'chat.remove' : 'chat.give');
  return (
    <Confirm
      title={title}
      text={t(remove ? 'chat.removeText' : 'chat.giveText', { name: person.name })}
      confirm={title}
      danger={remove}
      busy={change.isPending}
      onConfirm={() => change.mutate(undefined, { onSettled: onClose })}
      onClose={onClose}
    />
  );
}
