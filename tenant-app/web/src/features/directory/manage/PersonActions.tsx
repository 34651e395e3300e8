// What an administrator can do with a person.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import type { Account, PersonDetail } from '../../../api/types';
import { useMay, useMe } from '../../../app/session';
import { type Key, useT } from '../../../i18n';
import { type Action, ActionMenu } from '../../../ui/ActionMenu';
import { Confirm } from '../../../ui/Confirm';
import { Icon } from '../../../ui/Icon';
import { accountQuery, useChange } from '../queries';
import { deactivate, endSessionsOf, reactivate, setAdministrator } from './changes';

const PersonDialog = lazy(() => import('./PersonDialog'));
const AvatarDialog = lazy(() => import('./AvatarDialog'));
const InvitationDialog = lazy(() => import('./InvitationDialog'));

type Open = 'edit' | 'avatar' | 'invite' | Question;
type Question = 'deactivate' | 'reactivate' | 'makeAdmin' | 'takeAdmin' | 'signOut';

export default function PersonActions({ person, onGone }: { person: PersonDetail; onGone: () => void }) {
  const t = useT();
  const me = useMe();
  const may = useMay();
  const [open, setOpen] = useState<Open>();
  const { data: account } = useQuery({ ...accountQuery(person.id), enabled: may('account.manage') });
  const self = person.id === me.personId;
  const close = () => setOpen(undefined);
  const left = person.status === 'deactivated';

  const ask = (question: Question, icon: Action['icon'], danger = false): Action => ({
    label: t(`manage.${question}` as Key),
    icon,
    danger,
    run: () => setOpen(question),
  });
  const actions: Action[] = [];
  if (may('directory.manage'))
    actions.push({ label: t('avatar.change'), icon: 'camera', run: () => setOpen('avatar') });
  if (!left && account) {
    actions.push({
      label: t(account.state === 'active' ? 'manage.reset' : 'manage.invite'),
      icon: 'link',
      run: () => setOpen('invite'),
    });
    if (account.sessionsNow > 0 && !self) actions.push(ask('signOut', 'exit'));
    if (!self && may('rights.manage'))
      actions.push(ask(account.administrator ? 'takeAdmin' : 'makeAdmin', 'key'));
  }
  if (left && may('directory.manage')) actions.push(ask('reactivate', 'refresh'));
  else if (!self && may('directory.manage')) actions.push(ask('deactivate', 'exit', true));

  return (
    <div style={{ display: 'flex', gap: 4, alignItems: 'center' }}>
      {may('directory.manage') && (
        <Button variant="subtle" leftSection={<Icon name="edit" size={16} />} onClick={() => setOpen('edit')}>
          {t('person.edit')}
        </Button>
      )}
      <ActionMenu label={t('action.more')} actions={actions} />
      <Suspense fallback={null}>
        {open === 'edit' && <PersonDialog person={person} onClose={close} />}
        {open === 'avatar' && <AvatarDialog person={person} onClose={close} />}
        {open === 'invite' && <InvitationDialog person={person} onClose={close} />}
      </Suspense>
      {open && open !== 'edit' && open !== 'avatar' && open !== 'invite' && (
        <Ask question={open} person={person} onClose={close} onGone={onGone} />
      )}
    </div>
  );
}

const acts: Record<Question, (person: PersonDetail) => Promise<PersonDetail | Account | undefined>> = {
  deactivate,
  reactivate,
  makeAdmin: (person) => setAdministrator(person.id, true),
  takeAdmin: (person) => setAdministrator(person.id, false),
  signOut: (person) => endSessionsOf(person.id),
};

function Ask({
  question,
  person,
  onClose,
  onGone,
}: {
  question: Question;
  person: PersonDetail;
  onClose: () => void;
  onGone: () => void;
}) {
  const t = useT();
  const change = useChange((p: PersonDetail) => acts[question](p), `manage.${question}Done` as Key);
  return (
    <Confirm
      title={t(`manage.${question}` as Key)}
      text={t(`manage.${question}Text` as Key, { name: person.name })}
      confirm={t(`manage.${question}` as Key)}
      danger={question === 'deactivate'}
      busy={change.isPending}
      onClose={onClose}
      onConfirm={() =>
        change.mutate(person, {
          onSuccess: question === 'deactivate' ? onGone : onClose,
          onError: onClose,
        })
      }
    />
  );
}
