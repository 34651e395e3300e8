// 我: own profile, look, devices, password.
import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ComponentType, lazy, Suspense, useState } from 'react';
import { useParams } from 'wouter';
import { explain } from '../../api/problem';
import { mePlaces, visibleTo } from '../../app/places';
import { signOut, useMe } from '../../app/session';
import { useT } from '../../i18n';
import { useUnsent } from '../../offline/outbox';
import { Confirm } from '../../ui/Confirm';
import { Icon } from '../../ui/Icon';
import { notify } from '../../ui/notices';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { Sections } from '../../ui/Sections';
import { SkeletonRows } from '../../ui/states';
import { personQuery } from '../directory/queries';
import { About } from './About';
import { Appearance } from './Appearance';
import { Devices } from './Devices';
import classes from './MePage.module.css';
import { Outbox } from './Outbox';
import { Password } from './Password';
import { Profile } from './Profile';

const sections: Record<string, ComponentType> = {
  profile: Profile,
  guests: lazy(() => import('../guests/Guests')),
  notices: lazy(() => import('../notices/NoticesSection')),
  delegation: lazy(() => import('../approval/Delegation')),
  appearance: Appearance,
  devices: Devices,
  outbox: Outbox,
  password: Password,
  start: lazy(() => import('../guide/Start')),
  help: lazy(() => import('../help/Help')),
  about: About,
};

export default function MePage() {
  const t = useT();
  const { rights } = useMe();
  const { section } = useParams<{ section?: string }>();
  const mine = mePlaces.filter(visibleTo(rights));
  const here = mine.find((place) => place.path === `/me/${section}`) ?? mine[0];
  const Section = sections[here?.path.slice('/me/'.length) ?? ''] ?? Profile;
  return (
    <Sections
      title={t('nav.me')}
      base="/me"
      places={mine}
      current={section && `/me/${section}`}
      above={<Self />}
      below={<SignOut />}
    >
      <Suspense fallback={<SkeletonRows />}>
        <Section />
      </Suspense>
    </Sections>
  );
}

function Self() {
  const me = useMe();
  const { data: self } = useQuery(personQuery(me.personId));
  return (
    <div className={classes.self}>
      <PersonAvatar
        id={me.personId}
        text={self?.avatarText ?? me.name.slice(-2)}
        src={self?.avatar}
        size={48}
      />
      <div>
        <strong>{me.name}</strong>
        <span className={classes.company}>{me.company}</span>
      </div>
    </div>
  );
}

function SignOut() {
  const t = useT();
  const [asking, setAsking] = useState(false);
  const { waiting } = useUnsent();
  const leave = useMutation({
    mutationFn: signOut,
    onError: (error) => notify({ tone: 'bad', text: explain(error, t) }),
  });
  return (
    <>
      <Button
        className={classes.out ?? ''}
        variant="subtle"
        color="gray"
        justify="flex-start"
        fullWidth
        leftSection={<Icon name="exit" />}
        onClick={() => setAsking(true)}
      >
        {t('me.signOut')}
      </Button>
      {asking && (
        <Confirm
          title={t('me.signOut')}
          text={waiting > 0 ? t('outbox.signOut', { count: waiting }) : t('me.signOutText')}
          confirm={t(waiting > 0 ? 'outbox.signOutAnyway' : 'me.signOut')}
          danger={waiting > 0}
          busy={leave.isPending}
          onConfirm={() => leave.mutate()}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
