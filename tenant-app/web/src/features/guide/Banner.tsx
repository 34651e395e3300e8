// Above the rooms of who is new: how many of the first steps are done, and the way to them.
import { ActionIcon } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { useMe } from '../../app/session';
import { useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { guideQuery, stepsOf, useMark } from './queries';
import classes from './Steps.module.css';

export default function Banner() {
  const t = useT();
  const { rights } = useMe();
  const { data: guide } = useQuery(guideQuery);
  const { mutate } = useMark();
  if (!guide?.toured || guide.dismissed) return null;
  const steps = stepsOf(guide, rights);
  const done = steps.filter((step) => step.done).length;
  if (done === steps.length) return null;
  return (
    <div className={classes.banner}>
      <Link href="/me/start">
        <Icon name="select" />
        <span>{t('start.banner', { done, of: steps.length })}</span>
        <Icon name="right" size={14} />
      </Link>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={40}
        aria-label={t('start.dismiss')}
        title={t('start.dismiss')}
        onClick={() => mutate({ mark: 'dismissed' })}
      >
        <Icon name="close" size={16} />
      </ActionIcon>
    </div>
  );
}
