// An approval as a card in chat: who may decide does so from here.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import { useT } from '../../i18n';
import type { Card as Shown } from '../chat/model';
import classes from './Card.module.css';
import { isStatus } from './model';
import { useUnsentOf } from './outgoing';
import { approvalQuery } from './queries';
import { Status } from './Status';

const ActDialog = lazy(() => import('./ActDialog'));

export default function Card({ card }: { card: Shown }) {
  const t = useT();
  const [deciding, setDeciding] = useState(false);
  const running = card.state === 'running';
  const { data } = useQuery({ ...approvalQuery(card.ref), enabled: running });
  const waits = useUnsentOf(card.ref).length > 0;
  // What was kept of an approval that has ended may be older than its card, and is not read again.
  const status = running ? (data?.status ?? card.state) : card.state;
  const decides = running && data?.actions.includes('approve') && !waits;
  return (
    <div className={classes.card}>
      <p className={classes.title}>
        <strong>{card.title}</strong>
        {isStatus(status) && <Status status={status} />}
      </p>
      <dl>
        {card.fields.map((f) => (
          <div key={f.label}>
            <dt>{f.label}</dt>
            <dd>{f.value}</dd>
          </div>
        ))}
      </dl>
      {waits && <p className={classes.wait}>{t('approval.waitsToBeSent')}</p>}
      <div className={classes.actions}>
        <Button component={Link} href={`/todo/${card.ref}`} variant="default">
          {t('approval.look')}
        </Button>
        {decides && <Button onClick={() => setDeciding(true)}>{t('approval.approve')}</Button>}
      </div>
      {deciding && data && (
        <Suspense fallback={null}>
          <ActDialog detail={data} verb="approve" onClose={() => setDeciding(false)} />
        </Suspense>
      )}
    </div>
  );
}
