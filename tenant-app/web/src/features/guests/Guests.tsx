// 外部人员: those whom I look after, or all for who manages them.
import { Button, SegmentedControl, TextInput } from '@mantine/core';
import '@mantine/core/styles/SegmentedControl.layer.css';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import type { Guest } from '../../api/types';
import { useMe } from '../../app/session';
import { useLanguage, useT } from '../../i18n';
import { formatDate } from '../../i18n/format';
import { type Action, ActionMenu } from '../../ui/ActionMenu';
import { Confirm } from '../../ui/Confirm';
import { Icon } from '../../ui/Icon';
import panel from '../../ui/Panel.module.css';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import classes from './Guests.module.css';
import { endGuest, guestsQuery, inviteGuest, useGuestChange } from './queries';

const GuestDialog = lazy(() => import('./GuestDialog'));
const Organisations = lazy(() => import('./Organisations'));
const ResumeDialog = lazy(() => import('./ResumeDialog'));
const SuccessorDialog = lazy(() => import('./SuccessorDialog'));
const InvitationDialog = lazy(() => import('../directory/manage/InvitationDialog'));

type Open = { what: 'add' | 'edit' | 'invite' | 'successor' | 'end' | 'resume'; guest?: Guest };

const typingMs = 200;

export default function Guests() {
  const t = useT();
  const [typed, setTyped] = useState('');
  const [q] = useDebouncedValue(typed.trim(), typingMs);
  const [tab, setTab] = useState('now');
  const [open, setOpen] = useState<Open>();
  return (
    <div className={panel.panel}>
      <p className={panel.hint}>{t('guests.hint')}</p>
      <SegmentedControl
        className={classes.tabs ?? ''}
        value={tab}
        onChange={setTab}
        data={[
          { value: 'now', label: t('guests.now') },
          { value: 'ended', label: t('guests.ended') },
          { value: 'organisations', label: t('guests.organisations') },
        ]}
      />
      {tab === 'organisations' ? (
        <Suspense fallback={<SkeletonRows />}>
          <Organisations />
        </Suspense>
      ) : (
        <>
          <div className={panel.tools}>
            <TextInput
              type="search"
              className={panel.grow ?? ''}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              placeholder={t('guests.search')}
              aria-label={t('guests.search')}
              leftSection={<Icon name="search" size={16} />}
            />
            <Button leftSection={<Icon name="plus" size={16} />} onClick={() => setOpen({ what: 'add' })}>
              {t('guests.add')}
            </Button>
          </div>
          <List q={q} ended={tab === 'ended'} onOpen={setOpen} />
        </>
      )}
      <Suspense fallback={null}>
        {open && <Opened open={open} onOpen={setOpen} onClose={() => setOpen(undefined)} />}
      </Suspense>
    </div>
  );
}

function List({ q, ended, onOpen }: { q: string; ended: boolean; onOpen: (open: Open) => void }) {
  const t = useT();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    guestsQuery(q, ended),
  );
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />;
  const guests = data.pages.flatMap((page) => page.items);
  if (guests.length === 0)
    return <Blank icon="people" title={t('guests.none')} text={t('guests.noneHint')} />;
  return (
    <>
      <ul className={panel.rows}>
        {guests.map((guest) => (
          <Row key={guest.id} guest={guest} ended={ended} onOpen={onOpen} />
        ))}
      </ul>
      {hasNextPage && (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('guests.more')}
        </Button>
      )}
    </>
  );
}

function Row({ guest, ended, onOpen }: { guest: Guest; ended: boolean; onOpen: (open: Open) => void }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const open = (what: Open['what']) => () => onOpen({ what, guest });
  const over = new Date(guest.until).getTime() < Date.now();
  const until = formatDate(lang, guest.until, timezone);
  const actions: Action[] = ended
    ? [{ label: t('guests.resume'), icon: 'refresh', run: open('resume') }]
    : [
        { label: t('guests.invite'), icon: 'link', run: open('invite'), disabled: over },
        { label: t('guests.edit'), icon: 'edit', run: open('edit') },
        { label: t('guests.successor'), icon: 'people', run: open('successor') },
        { label: t('guests.end'), icon: 'exit', run: open('end'), danger: true },
      ];
  return (
    <li className={panel.row}>
      <PersonAvatar
        id={guest.id}
        text={guest.avatarText}
        src={guest.avatar}
        size={36}
        muted={ended || over}
      />
      <span className={panel.main}>
        {guest.name} <span className={classes.badge}>{t('person.external')}</span>
        <span className={panel.sub}>
          {guest.organisation.name} · {t('guests.liaisonIs', { name: guest.liaison.name })}
        </span>
        {!ended && (
          <span className={over ? classes.over : panel.sub}>
            {t(over ? 'guests.over' : 'guests.until', { until })}
          </span>
        )}
      </span>
      <ActionMenu label={t('guests.actions', { name: guest.name })} actions={actions} />
    </li>
  );
}

function Opened({
  open: { what, guest },
  onOpen,
  onClose,
}: {
  open: Open;
  onOpen: (open: Open) => void;
  onClose: () => void;
}) {
  const t = useT();
  const end = useGuestChange(endGuest, 'guests.endDone');
  if (what === 'add')
    return <GuestDialog onClose={onClose} onMade={(made) => onOpen({ what: 'invite', guest: made })} />;
  if (!guest) return null;
  switch (what) {
    case 'edit':
      return <GuestDialog guest={guest} onClose={onClose} onMade={onClose} />;
    case 'invite':
      return <InvitationDialog person={guest} make={() => inviteGuest(guest.id)} onClose={onClose} />;
    case 'resume':
      return <ResumeDialog guest={guest} onClose={onClose} />;
    case 'successor':
      return <SuccessorDialog guest={guest} onClose={onClose} />;
  }
  return (
    <Confirm
      title={t('guests.end')}
      text={t('guests.endText', { name: guest.name })}
      confirm={t('guests.end')}
      danger
      busy={end.isPending}
      onConfirm={() => end.mutate(guest, { onSettled: onClose })}
      onClose={onClose}
    />
  );
}
