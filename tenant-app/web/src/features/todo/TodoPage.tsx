// 待办: what waits for this person, and one of it beside the list. Narrow screens show one at a time.
import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { useParams } from 'wouter';
import { useChangeOf } from '../../api/useChange';
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
import { CopiesBar } from './Copies';
import { type Entry, type Kind, readCopies, todoQuery, useTodoCounts } from './queries';
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
  { kind: 'approval_copy', name: 'todo.copies' },
  { kind: 'suggestion', name: 'desk.one' },
];

/** Kinds that are named only while something of them waits. */
const seldom: ReadonlySet<Kind> = new Set(['approval_copy', 'suggestion']);

/** A copy that is opened is read. */
function useOpenedCopy(items: Entry[] | undefined, selected: string | undefined) {
  const { mutate } = useChangeOf([['todo']], readCopies, undefined, true);
  const opened = items?.find((e) => e.kind === 'approval_copy' && e.ref === selected)?.id;
  useEffect(() => {
    if (opened) mutate({ ids: [opened] });
  }, [opened, mutate]);
}

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
  useOpenedCopy(items, selected);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const choose = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  const sum = Object.values(counts).reduce((a, b) => a + b, 0);
  return (
    <>
      <h1 className={classes.title}>{t('nav.todo')}</h1>
      <fieldset className={classes.kinds} aria-label={t('todo.kinds')}>
        {kinds
          .filter((k) => !k.kind || !seldom.has(k.kind) || k.kind === kind || (counts[k.kind] ?? 0) > 0)
          .map((k) => (
            <button key={k.name} type="button" aria-pressed={kind === k.kind} onClick={() => setKind(k.kind)}>
              {t(k.name)} {k.kind ? (counts[k.kind] ?? 0) : sum}
            </button>
          ))}
      </fieldset>
      <div className={classes.scroll}>
        <TeamToday />
        {kind === 'approval_copy' && items && items.length > 0 && (
          <CopiesBar shown={items.map((e) => e.id)} chosen={chosen} onChoose={setChosen} />
        )}
        {!items && (error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />)}
        {items?.length === 0 && <Blank icon="check" title={t('todo.none')} text={t('todo.noneHint')} />}
        {items && items.length > 0 && (
          <ul className={list.list} aria-label={t('todo.items')}>
            {items.map((entry) => (
              <One
                key={entry.id}
                entry={entry}
                here={entry.ref === selected}
                {...(kind === 'approval_copy' && {
                  pick: <Pick entry={entry} chosen={chosen.has(entry.id)} onChoose={choose} />,
                })}
              />
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

type PickProps = { entry: Entry; chosen: boolean; onChoose: (id: string) => void };

function Pick({ entry, chosen, onChoose }: PickProps) {
  const { t, lang } = useLanguage();
  return (
    <label className={classes.pick}>
      <input
        type="checkbox"
        checked={chosen}
        aria-label={`${t('todo.select')} ${said(entry.title, lang)} ${entry.from?.name ?? ''}`}
        onChange={() => onChoose(entry.id)}
      />
    </label>
  );
}

function One({ entry, here, pick }: { entry: Entry; here: boolean; pick?: ReactNode }) {
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
        entry.kind !== 'suggestion' && entry.kind !== 'approval_returned' && entry.from
          ? t('approval.of', { form, name: entry.from.name })
          : form
      }
      person={entry.from}
      summary={entry.summary}
      at={entry.since}
      when={whenText(shortly(lang, entry.since, timezone, now), t)}
      here={here}
      pick={pick}
      sign={<Sign late={late} kind={entry.kind} />}
    />
  );
}

function Sign({ late, kind }: { late: boolean; kind: string }) {
  const t = useT();
  if (late) return <span className={classes.late}>{t('todo.late')}</span>;
  if (kind === 'approval_copy') return <span className={classes.copy}>{t('approval.cc')}</span>;
  return kind === 'approval_returned' ? <Status status="returned" /> : null;
}
