// What the reader can do with an approval: the most wanted as buttons, the rest behind "⋯".
import { Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import { useMe } from '../../app/session';
import { useT } from '../../i18n';
import { ActionMenu } from '../../ui/ActionMenu';
import type { IconName } from '../../ui/Icon';
import classes from './Detail.module.css';
import { actNames, type Detail, isVerb, type Verb } from './model';

const ActDialog = lazy(() => import('./ActDialog'));

const icons: Record<Verb, IconName> = {
  approve: 'check',
  reject: 'close',
  return: 'undo',
  transfer: 'forward',
  nudge: 'bell',
  withdraw: 'undo',
  cancel: 'trash',
  comment: 'chat',
  cc: 'send',
};

const buttons: readonly Verb[] = ['return', 'reject', 'approve', 'nudge'];
const ended: ReadonlySet<string> = new Set(['approved', 'rejected', 'withdrawn', 'cancelled']);
const dangers: readonly Verb[] = ['reject', 'cancel'];

type Props = {
  detail: Detail;
  next: string | undefined;
  /** What was done last has not reached the server: first that, then more. */
  waits: boolean;
};

export function Actions({ detail, next, waits }: Props) {
  const t = useT();
  const me = useMe();
  const [doing, setDoing] = useState<Verb>();
  const all = waits ? [] : detail.actions.filter((v): v is Verb => isVerb(v));
  const mends = !waits && (detail.actions as string[]).includes('submit');
  const again = ended.has(detail.status) && detail.submitter.id === me.personId;
  const shown = buttons.filter((v) => all.includes(v));
  const rest = all.filter((v) => !shown.includes(v));
  const decides = all.includes('approve');
  if (all.length === 0 && !mends && !next && !again) return null;
  return (
    <footer className={classes.actions}>
      {rest.length > 0 && (
        <ActionMenu
          label={t('action.more')}
          actions={rest.map((v) => ({
            label: t(actNames[v]),
            icon: icons[v],
            run: () => setDoing(v),
            danger: dangers.includes(v),
          }))}
        />
      )}
      {shown.map((v) => (
        <Button
          key={v}
          data-grow
          variant={v === 'approve' ? 'filled' : 'default'}
          {...(v === 'reject' ? { c: 'var(--at-danger)' } : {})}
          onClick={() => setDoing(v)}
        >
          {t(actNames[v])}
        </Button>
      ))}
      {mends && (
        <Button component={Link} href={`/work/mend/${detail.id}`} data-grow>
          {t('approval.mend')}
        </Button>
      )}
      {again && (
        <Button
          component={Link}
          href={`/work/new/${detail.form.key}?copy=${detail.id}`}
          variant="default"
          data-grow
        >
          {t('approval.again')}
        </Button>
      )}
      {!decides && next && (
        <Button component={Link} href={next} data-grow>
          {t('approval.next')}
        </Button>
      )}
      {doing && (
        <Suspense fallback={null}>
          <ActDialog detail={detail} verb={doing} onClose={() => setDoing(undefined)} />
        </Suspense>
      )}
    </footer>
  );
}
