// 我 › 开始使用: the first steps of the person's role, which tick themselves.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import { useMe } from '../../app/session';
import { type Key, useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import panel from '../../ui/Panel.module.css';
import { Failed, SkeletonRows } from '../../ui/states';
import { guideQuery, type Step, stepsOf, useMark } from './queries';
import classes from './Steps.module.css';

const Tour = lazy(() => import('./Tour'));

const names: Record<string, [title: Key, text: Key]> = {
  people: ['start.people', 'start.peopleText'],
  departments: ['start.departments', 'start.departmentsText'],
  heads: ['start.heads', 'start.headsText'],
  roles: ['start.roles', 'start.rolesText'],
  holidays: ['start.holidays', 'start.holidaysText'],
  senders: ['start.senders', 'start.sendersText'],
  todo: ['start.todo', 'start.todoText'],
  delegate: ['start.delegate', 'start.delegateText'],
  photo: ['start.photo', 'start.photoText'],
  install: ['start.install', 'start.installText'],
  channel: ['start.channel', 'start.channelText'],
  message: ['start.message', 'start.messageText'],
  approval: ['start.approval', 'start.approvalText'],
};

export default function Start() {
  const t = useT();
  const { rights } = useMe();
  const { data: guide, error, refetch } = useQuery(guideQuery);
  const { mutate } = useMark();
  const [touring, setTouring] = useState(false);
  if (!guide) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />;
  const steps = stepsOf(guide, rights);
  const done = steps.filter((step) => step.done).length;
  return (
    <div className={panel.panel}>
      <p className={panel.hint}>
        {done === steps.length ? t('start.allDone') : t('start.hint', { done, of: steps.length })}
      </p>
      <ul className={panel.rows}>
        {steps.map((step) => (
          <Row key={step.key} step={step} />
        ))}
      </ul>
      <div className={panel.tools}>
        <Button variant="default" onClick={() => setTouring(true)}>
          {t('start.tour')}
        </Button>
        {done < steps.length && (
          <Button
            variant="subtle"
            color="gray"
            onClick={() => mutate({ mark: 'dismissed', on: !guide.dismissed })}
          >
            {t(guide.dismissed ? 'start.recall' : 'start.dismiss')}
          </Button>
        )}
      </div>
      {touring && (
        <Suspense fallback={null}>
          <Tour onClose={() => setTouring(false)} />
        </Suspense>
      )}
    </div>
  );
}

function Row({ step }: { step: Step }) {
  const t = useT();
  const [title, text] = names[step.key] ?? [];
  if (!title || !text) return null;
  return (
    <li className={panel.row}>
      <Link href={step.way} className={classes.step} data-done={step.done || undefined}>
        <span className={classes.tick}>{step.done && <Icon name="check" size={14} />}</span>
        <span className={panel.main}>
          {t(title)}
          <span className={panel.sub}>{t(text)}</span>
        </span>
        <span className={step.done ? panel.tag : 'visually-hidden'}>
          {t(step.done ? 'start.done' : 'start.open')}
        </span>
        <Icon name="right" size={14} />
      </Link>
    </li>
  );
}
