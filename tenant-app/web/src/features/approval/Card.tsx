// An approval as a card in chat: who may decide does so from here.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import { useT } from '../../i18n';
import type { Card as Shown } from '../chat/model';
import classes from './Card.module.css';
import { asksNow, isStatus, outcomeOf } from './model';
import { useUnsentOf } from './outgoing';
import { approvalQuery } from './queries';
import { Status } from './Status';

const ActDialog = lazy(() => import('./ActDialog'));

export default function Card({ card }: { card: Shown }) {
  const t = useT();
  const [deciding, setDeciding] = useState(false);
  const asks = asksNow(card);
  const { data } = useQuery({ ...approvalQuery(card.ref), enabled: asks });
  const waits = useUnsentOf(card.ref).length > 0;
  // What was kept of an approval may be older than a card that asks for nothing any more.
  const status = asks ? (data?.status ?? card.state) : card.state;
  const decides = asks && data?.actions.includes('approve') && !waits;
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
      {card.over && <p className={classes.wait}>{t(outcomeOf(card.over))}</p>}
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
