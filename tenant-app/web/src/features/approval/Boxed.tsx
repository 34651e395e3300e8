// One of the lists of approvals.
import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMe } from '../../app/session';
import { type Key, useLanguage } from '../../i18n';
import { useCalmRate } from '../../live/client';
import { isParked } from '../../offline/outbox';
import { useMinute } from '../../ui/minute';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { whenText } from '../chat/sentences';
import { shortly } from '../chat/time';
import list from './List.module.css';
import { type Approval, said } from './model';
import { type SubmitBody, useUnsentForms } from './outgoing';
import { type Box, boxQuery } from './queries';
import { Row } from './Row';
import { Status } from './Status';

const calmMs = 20_000;

const empty: Record<Box, Key> = {
  mine: 'approval.noneMine',
  decided: 'approval.noneDecided',
  cc: 'approval.noneCc',
};

export function Boxed({ box }: { box: Box }) {
  const { t } = useLanguage();
  const rate = useCalmRate(calmMs);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    ...boxQuery(box),
    refetchInterval: rate,
  });
  const unsent = useUnsentForms();
  const waiting = box === 'mine' ? unsent : [];
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  if (!data && waiting.length === 0)
    return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />;
  if (items.length === 0 && waiting.length === 0) return <Blank icon="file" title={t(empty[box])} />;
  return (
    <ul className={`${list.list} ${list.section}`}>
      {waiting.map((entry) => (
        <Row
          key={entry.opId}
          href={`/work/mine/${(entry.body as SubmitBody).id}`}
          title={t(isParked(entry) ? 'approval.refused' : 'approval.waitsToBeSent')}
        />
      ))}
      {items.map((item) => (
        <One key={item.id} item={item} box={box} />
      ))}
      {hasNextPage && (
        <li className={list.more}>
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t('approval.moreOf')}
          </Button>
        </li>
      )}
    </ul>
  );
}

function One({ item, box }: { item: Approval; box: Box }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const now = useMinute();
  return (
    <Row
      href={`/work/${box}/${item.id}`}
      title={
        box === 'mine'
          ? said(item.form.name, lang)
          : t('approval.of', { form: said(item.form.name, lang), name: item.submitter.name })
      }
      person={item.submitter}
      summary={item.summary}
      at={item.updatedAt}
      when={whenText(shortly(lang, item.updatedAt, timezone, now), t)}
      sign={<Status status={item.status} />}
    />
  );
}
