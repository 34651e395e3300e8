// 建议箱 in 工作台: mine, and for handlers everybody's.
import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { useMay, useMe } from '../../app/session';
import { useLanguage, useT } from '../../i18n';
import { useCalmRate } from '../../live/client';
import { isParked } from '../../offline/outbox';
import { Icon } from '../../ui/Icon';
import { useMinute } from '../../ui/minute';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import list from '../approval/List.module.css';
import { Row } from '../approval/Row';
import { whenText } from '../chat/sentences';
import { shortly } from '../chat/time';
import classes from './Desk.module.css';
import { type State as One, type Suggestion, stateNames, states } from './model';
import { type SubmitBody, useUnsent } from './outgoing';
import { type Box, boxQuery, settingsQuery } from './queries';
import { State } from './State';

const calmMs = 20_000;

export default function Suggestions() {
  const t = useT();
  const may = useMay();
  const [box, setBox] = useState<Box>(may('desk.handle') ? 'all' : 'mine');
  const [state, setState] = useState<One>();
  const { data: settings } = useQuery(settingsQuery);
  return (
    <>
      <div className={classes.tools}>
        <Button component={Link} href="/work/suggest/new" leftSection={<Icon name="plus" size={16} />}>
          {t('desk.new')}
        </Button>
        {settings?.anonymous && (
          <Button component={Link} href="/work/suggest/code" variant="default">
            {t('desk.byCode')}
          </Button>
        )}
      </div>
      {may('desk.handle') && (
        <fieldset className={classes.choices} aria-label={t('desk.whose')}>
          <Pick here={box === 'all'} onPick={() => setBox('all')} label={t('desk.all')} />
          <Pick here={box === 'mine'} onPick={() => setBox('mine')} label={t('desk.mine')} />
        </fieldset>
      )}
      {box === 'all' && (
        <fieldset className={classes.choices} aria-label={t('desk.states')}>
          <Pick here={!state} onPick={() => setState(undefined)} label={t('desk.anyState')} />
          {states.map((s) => (
            <Pick key={s} here={state === s} onPick={() => setState(s)} label={t(stateNames[s])} />
          ))}
        </fieldset>
      )}
      <Items box={box} state={box === 'all' ? state : undefined} />
    </>
  );
}

function Pick({ here, onPick, label }: { here: boolean; onPick: () => void; label: string }) {
  return (
    <button type="button" aria-pressed={here} onClick={onPick}>
      {label}
    </button>
  );
}

function Items({ box, state }: { box: Box; state: One | undefined }) {
  const t = useT();
  const rate = useCalmRate(calmMs);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    ...boxQuery(box, state),
    refetchInterval: rate,
  });
  const unsent = useUnsent();
  const waiting = box === 'mine' ? unsent : [];
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  if (!data && waiting.length === 0)
    return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />;
  if (items.length === 0 && waiting.length === 0)
    return (
      <Blank
        icon="mail"
        title={t(box === 'all' ? 'desk.noneAtAll' : 'desk.none')}
        text={box === 'mine' ? t('desk.noneHint') : undefined}
      />
    );
  return (
    <ul className={`${list.list} ${list.section}`} aria-label={t('desk.box')}>
      {waiting.map((entry) => (
        <Row
          key={entry.opId}
          href="/me/outbox"
          title={(entry.body as SubmitBody).title}
          sign={<small>{t(isParked(entry) ? 'desk.refused' : 'approval.waitsToBeSent')}</small>}
        />
      ))}
      {items.map((item) => (
        <Item key={item.id} item={item} />
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

function Item({ item }: { item: Suggestion }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const now = useMinute();
  const late = item.due !== undefined && new Date(item.due).getTime() < now;
  const parts = [
    item.author?.name ?? t('desk.anonymous'),
    item.handler && t('desk.handledBy', { name: item.handler.name }),
  ];
  const name = { 'zh-CN': '', en: '' };
  const text = parts.filter(Boolean).join(' · ') + (late ? ` · ${t('todo.late')}` : '');
  return (
    <Row
      href={`/work/suggestions/${item.id}`}
      title={item.title}
      person={item.author}
      icon="mail"
      summary={[{ key: 'who', name, text: { 'zh-CN': text, en: text } }]}
      at={item.updatedAt}
      when={whenText(shortly(lang, item.updatedAt, timezone, now), t)}
      sign={<State state={item.state} />}
    />
  );
}
