import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import { useMay, useMe } from '../../app/session';
import { useLanguage } from '../../i18n';
import { formatDate, formatPhone } from '../../i18n/format';
import { Icon } from '../../ui/Icon';
import panel from '../../ui/Panel.module.css';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { Failed, SkeletonRows } from '../../ui/states';
import { personQuery } from '../directory/queries';
import classes from './MePage.module.css';

const AvatarDialog = lazy(() => import('../directory/manage/AvatarDialog'));

export function Profile() {
  const { t, lang } = useLanguage();
  const me = useMe();
  const may = useMay();
  const { data: self, error, refetch } = useQuery(personQuery(me.personId));
  const [changing, setChanging] = useState(false);
  if (!self) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows rows={4} />;
  const facts: [string, string | undefined][] = [
    [t('person.phone'), self.phone && formatPhone(self.phone)],
    [t('person.mail'), self.mail],
    [t('person.staffNo'), self.staffNo],
    [t('person.manager'), self.manager?.name],
    [t('person.hiredOn'), self.hiredOn && formatDate(lang, self.hiredOn)],
  ];
  return (
    <div className={panel.panel}>
      <div className={classes.profile}>
        <PersonAvatar id={self.id} text={self.avatarText} src={self.avatar} size={84} />
        <div>
          <p className={classes.big}>{self.name}</p>
          <Button
            variant="light"
            size="compact-md"
            leftSection={<Icon name="camera" size={16} />}
            onClick={() => setChanging(true)}
          >
            {t('avatar.change')}
          </Button>
        </div>
      </div>
      <dl className={classes.facts}>
        {facts.map(
          ([label, value]) =>
            value && (
              <div key={label} style={{ display: 'contents' }}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
        {self.posts.length > 0 && <dt>{t('person.posts')}</dt>}
        {self.posts.length > 0 && (
          <dd>
            {self.posts.map((post) => (
              <div key={post.department.id}>
                {[post.department.name, post.position?.name].filter(Boolean).join(' · ')}
              </div>
            ))}
          </dd>
        )}
      </dl>
      <p className={panel.hint}>
        {t(may('directory.manage') ? 'me.profileAdmin' : 'me.profileHint')}{' '}
        <Link href={`/directory?person=${me.personId}`} style={{ color: 'var(--at-accent)' }}>
          {t('me.myCard')}
        </Link>
      </p>
      {changing && (
        <Suspense fallback={null}>
          <AvatarDialog person={self} onClose={() => setChanging(false)} />
        </Suspense>
      )}
    </div>
  );
}
