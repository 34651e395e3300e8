// What a page shows instead of its content: nothing there, not reachable, not allowed, broken.
import { Button, Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { ApiError, explain, isUnreachable } from '../api/problem';
import { useT } from '../i18n';
import { Icon, type IconName } from './Icon';
import classes from './states.module.css';

type Props = { icon: IconName; title: string; text?: string | undefined; action?: ReactNode };

export function Blank({ icon, title, text, action }: Props) {
  return (
    <div className={classes.blank}>
      <span className={classes.ring}>
        <Icon name={icon} size={26} />
      </span>
      <p className={classes.title}>{title}</p>
      {text && <p className={classes.text}>{text}</p>}
      {action}
    </div>
  );
}

/** The state for an error of a query, with a way on. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = useT();
  const again = retry && (
    <Button variant="default" onClick={retry} leftSection={<Icon name="refresh" size={16} />}>
      {t('action.retry')}
    </Button>
  );
  if (isUnreachable(error)) {
    return <Blank icon="offline" title={t('state.offline')} text={t('state.offlineHint')} action={again} />;
  }
  if (error instanceof ApiError && error.status === 403) {
    return <Blank icon="lock" title={t('state.forbidden')} text={t('state.forbiddenHint')} />;
  }
  if (error instanceof ApiError && error.status === 404) {
    return <Blank icon="search" title={t('state.missing')} text={explain(error, t)} />;
  }
  const id =
    error instanceof ApiError && error.requestId ? t('state.requestId', { id: error.requestId }) : undefined;
  return <Blank icon="alert" title={explain(error, t)} text={id} action={again} />;
}

/** Rows in the shape of a list of people, until they are there. */
export function SkeletonRows({ rows = 8 }: { rows?: number }) {
  const t = useT();
  return (
    <div role="status" aria-label={t('state.loading')}>
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
        <div className={classes.row} key={i}>
          <Skeleton height={36} width={36} radius={10} />
          <div className={classes.lines}>
            <Skeleton height={12} width={`${34 + ((i * 17) % 22)}%`} />
            <Skeleton height={10} width={`${48 + ((i * 23) % 30)}%`} />
          </div>
        </div>
      ))}
    </div>
  );
}

/** Somebody else saved first: nothing is lost, the person decides. */
export function Conflict({
  onTheirs,
  onMine,
  busy,
}: {
  onTheirs: () => void;
  onMine: () => void;
  busy: boolean;
}) {
  const t = useT();
  return (
    <Blank
      icon="people"
      title={t('conflict.title')}
      text={t('conflict.text')}
      action={
        <div className={classes.choices}>
          <Button variant="default" onClick={onTheirs}>
            {t('conflict.theirs')}
          </Button>
          <Button loading={busy} onClick={onMine}>
            {t('conflict.mine')}
          </Button>
        </div>
      }
    />
  );
}
