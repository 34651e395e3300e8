// 待办: what waits for this person, and one of it beside the list. Narrow screens show one at a time.
import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'wouter';
import { useMe } from '../../app/session';
import { type Key, useLanguage, useT } from '../../i18n';
import { useCalmRate } from '../../live/client';
import { isParked, type Entry as Queued, useOutbox } from '../../offline/outbox';
import { usePhone } from '../../ui/media';
import { useMinute } from '../../ui/minute';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { useTitle } from '../../ui/title';
import { Detail } from '../approval/Detail';
import list from '../approval/List.module.css';
import { said } from '../approval/model';
import type { ActBody } from '../approval/outgoing';
import { Row } from '../approval/Row';
import { Status } from '../approval/Status';
import page from '../chat/ChatPage.module.css';
import { whenText } from '../chat/sentences';
import { shortly } from '../chat/time';
import { type Entry, type Kind, todoQuery, useTodoCounts } from './queries';
import { TeamToday } from './TeamToday';
import classes from './TodoPage.module.css';

const calmMs = 20_000;
const at = (id: string) => `/todo/${id}`;

export default function TodoPage() {
  const t = useT();
  const phone = usePhone();
  const { item } = useParams<{ item?: string }>();
  const some = Object.values(useTodoCounts()).some((count) => count > 0);
  return (
    <div className={page.page}>
      {(!phone || !item) && (
        <aside className={page.list} aria-label={t('nav.todo')}>
          <List selected={item} />
        </aside>
      )}
      {item && <Detail key={item} id={item} back={phone ? '/todo' : undefined} nextAt={at} />}
      {!item && !phone && (
        <div className={page.empty}>{some && <Blank icon="check" title={t('todo.pick')} />}</div>
      )}
    </div>
  );
}

const settles: ReadonlySet<string> = new Set(['approve', 'reject', 'return', 'transfer']);

const isSettled = ({ kind, body }: Queued): boolean =>
  kind === 'approval.mend' || (kind === 'approval.act' && settles.has((body as ActBody).verb));

/** What this person dealt with already, though the server may not know yet. */
function useDone(): ReadonlySet<string> {
  const acts = useOutbox().filter((entry) => isSettled(entry) && !isParked(entry));
  return new Set(acts.map((entry) => entry.aggregate));
}

const kinds: { kind: Kind | undefined; name: Key }[] = [
  { kind: undefined, name: 'todo.all' },
  { kind: 'approval', name: 'todo.approval' },
  { kind: 'approval_returned', name: 'todo.returned' },
  { kind: 'suggestion', name: 'desk.one' },
];

function List({ selected }: { selected: string | undefined }) {
  const t = useT();
  useTitle(t('nav.todo'));
  const [kind, setKind] = useState<Kind>();
  const counts = useTodoCounts();
  const done = useDone();
  const rate = useCalmRate(calmMs);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    ...todoQuery(kind),
    refetchInterval: rate,
  });
  const items = data?.pages.flatMap((p) => p.items).filter((e) => !done.has(`approval:${e.ref}`));
  const sum = Object.values(counts).reduce((a, b) => a + b, 0);
  return (
    <>
      <h1 className={classes.title}>{t('nav.todo')}</h1>
      <fieldset className={classes.kinds} aria-label={t('todo.kinds')}>
        {kinds
          .filter((k) => k.kind !== 'suggestion' || (counts.suggestion ?? 0) > 0)
          .map((k) => (
            <button key={k.name} type="button" aria-pressed={kind === k.kind} onClick={() => setKind(k.kind)}>
              {t(k.name)} {k.kind ? (counts[k.kind] ?? 0) : sum}
            </button>
          ))}
      </fieldset>
      <div className={classes.scroll}>
        <TeamToday />
        {!items && (error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />)}
        {items?.length === 0 && <Blank icon="check" title={t('todo.none')} text={t('todo.noneHint')} />}
        {items && items.length > 0 && (
          <ul className={list.list} aria-label={t('todo.items')}>
            {items.map((entry) => (
              <One key={entry.id} entry={entry} here={entry.ref === selected} />
            ))}
          </ul>
        )}
        {hasNextPage && (
          <div className={list.more}>
            <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              {t('approval.moreOf')}
            </Button>
          </div>
        )}
      </div>
    </>
  );
}

function One({ entry, here }: { entry: Entry; here: boolean }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const now = useMinute();
  const late = entry.due !== undefined && new Date(entry.due).getTime() < now;
  const form = said(entry.title, lang);
  return (
    <Row
      href={entry.kind === 'suggestion' ? `/work/suggestions/${entry.ref}` : at(entry.ref)}
      {...(entry.kind === 'suggestion' ? { icon: 'mail' as const } : {})}
      title={
        entry.kind === 'approval' && entry.from ? t('approval.of', { form, name: entry.from.name }) : form
      }
      person={entry.from}
      summary={entry.summary}
      at={entry.since}
      when={whenText(shortly(lang, entry.since, timezone, now), t)}
      here={here}
      sign={<Sign late={late} returned={entry.kind === 'approval_returned'} />}
    />
  );
}

function Sign({ late, returned }: { late: boolean; returned: boolean }) {
  const t = useT();
  if (late) return <span className={classes.late}>{t('todo.late')}</span>;
  return returned ? <Status status="returned" /> : null;
}
