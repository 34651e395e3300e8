// The people, however many: only the rows on screen exist, and pages are read while scrolling.
import { useInfiniteQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useCallback, useEffect, useMemo, useRef } from 'react';
import { Link } from 'wouter';
import type { Department, Person, PersonRef } from '../../api/types';
import { useT } from '../../i18n';
import { formatPhone } from '../../i18n/format';
import { Icon, type IconName } from '../../ui/Icon';
import { usePhone } from '../../ui/media';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { walk } from '../../ui/walk';
import { AlphabetBar } from './AlphabetBar';
import { personAddress } from './address';
import { first, groupByInitial, type Row, rowOfLetter } from './grouping';
import classes from './PeopleList.module.css';
import { type PeopleFilter, peopleQuery } from './queries';

const alphabetFrom = 12;
const rowHeight = { department: 56, header: 30, person: 60 };

type Props = {
  filter: PeopleFilter;
  departments: Department[];
  /** People of the whole company: shows the way to all of them instead of a list. */
  company: number | undefined;
  extra: { place: string; name: string; count: number }[];
  heads: PersonRef[];
  place: string;
  selected: string | undefined;
};

export function PeopleList(props: Props) {
  if (props.company !== undefined) return <TopLevel {...props} company={props.company} />;
  return <Loaded {...props} />;
}

/** The first step on a narrow screen: everyone from A to Z, or a department. */
function TopLevel({ departments, company, extra }: Props & { company: number }) {
  const t = useT();
  return (
    <div className={classes.scroll}>
      <Step href="/directory/all" icon="people" name={t('directory.everyone')} count={company} />
      {departments.length > 0 && <h2 className={classes.header}>{t('directory.departments')}</h2>}
      {departments.map((d) => (
        <Step key={d.id} href={`/directory/${d.id}`} icon="building" name={d.name} count={d.total} />
      ))}
      {extra.map((p) => (
        <Step key={p.place} href={`/directory/${p.place}`} icon="info" name={p.name} count={p.count} />
      ))}
    </div>
  );
}

function Step({ href, icon, name, count }: { href: string; icon: IconName; name: string; count: number }) {
  return (
    <Link href={href} className={classes.step}>
      <span className={classes.stepIcon}>
        <Icon name={icon} size={20} />
      </span>
      <span className={classes.stepName}>{name}</span>
      <span className={classes.stepCount}>{count}</span>
      <Icon name="right" size={16} />
    </Link>
  );
}

function usePeople(filter: PeopleFilter) {
  const query = useInfiniteQuery(peopleQuery(filter));
  const people = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  return { ...query, people };
}

function Loaded({ filter, departments, heads, place, selected }: Props) {
  const t = useT();
  const list = usePeople(filter);
  const rows = useMemo<Row[]>(() => {
    const steps: Row[] = departments.map((department) => ({ kind: 'department', department }));
    const people: Row[] =
      filter.q === '' && list.people.length >= alphabetFrom
        ? groupByInitial(list.people)
        : list.people.map((person) => ({ kind: 'person', person }));
    return [...steps, ...people];
  }, [departments, list.people, filter.q]);

  if (!list.data)
    return list.error ? <Failed error={list.error} retry={() => void list.refetch()} /> : <SkeletonRows />;
  if (rows.length === 0) return <Nobody q={filter.q} />;
  return (
    <Rows
      rows={rows}
      more={list.hasNextPage}
      loadMore={async () => {
        const result = await list.fetchNextPage();
        return result.data?.pages.flatMap((page) => page.items) ?? [];
      }}
      loading={list.isFetchingNextPage}
      alphabet={filter.q === '' && list.people.length >= alphabetFrom}
      line={(person) => (
        <PersonLine
          person={person}
          href={personAddress(place, person.id)}
          here={person.id === selected}
          head={heads.some((h) => h.id === person.id)}
        />
      )}
      label={t('directory.people')}
    />
  );
}

function Nobody({ q }: { q: string }) {
  const t = useT();
  if (q)
    return (
      <Blank icon="search" title={t('directory.nobodyFound', { q })} text={t('directory.nobodyFoundHint')} />
    );
  return <Blank icon="people" title={t('directory.nobody')} text={t('directory.nobodyHint')} />;
}

type RowsProps = {
  rows: Row[];
  more: boolean;
  loading: boolean;
  loadMore: () => Promise<Person[]>;
  alphabet: boolean;
  line: (person: Person) => ReactNode;
  label: string;
};

function Rows({ rows, more, loading, loadMore, alphabet, line, label }: RowsProps) {
  const t = useT();
  const phone = usePhone();
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: (i) => rowHeight[rows[i]?.kind ?? 'person'] + (phone && rows[i]?.kind === 'person' ? 4 : 0),
    overscan: 8,
  });
  const shown = virtual.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && !loading && lastShown >= rows.length - 20) void loadMore();
  }, [more, loading, lastShown, rows.length, loadMore]);

  const current = useRef(rows);
  current.current = rows;
  const jump = useCallback(
    async (letter: string) => {
      let at = rowOfLetter(current.current, letter);
      if (at < 0 && more) {
        await loadMore();
        at = rowOfLetter(current.current, letter);
      }
      virtual.scrollToIndex(at < 0 ? current.current.length - 1 : at, { align: 'start' });
    },
    [loadMore, more, virtual],
  );

  return (
    <div className={classes.frame}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move between the links inside */}
      <div className={classes.scroll} ref={scroll} onKeyDown={walk}>
        <ul aria-label={label} className={classes.rows} style={{ height: virtual.getTotalSize() }}>
          {shown.map((item) => (
            <li
              key={item.key}
              className={classes.cell}
              style={{ height: item.size, transform: `translateY(${item.start}px)` }}
            >
              <Cell row={rows[item.index]} line={line} />
            </li>
          ))}
        </ul>
        {loading && <p className={classes.more}>{t('state.loading')}</p>}
      </div>
      {alphabet && <AlphabetBar rows={rows} complete={!more} onJump={(letter) => void jump(letter)} />}
    </div>
  );
}

function Cell({ row, line }: { row: Row | undefined; line: (person: Person) => ReactNode }) {
  const t = useT();
  if (!row) return null;
  if (row.kind === 'person') return line(row.person);
  if (row.kind === 'department') {
    const { id, name, total } = row.department;
    return <Step href={`/directory/${id}`} icon="building" name={name} count={total} />;
  }
  return <div className={classes.header}>{row.letter === first ? t('directory.first') : row.letter}</div>;
}

function PersonLine({
  person,
  href,
  here,
  head,
}: {
  person: Person;
  href: string;
  here: boolean;
  head: boolean;
}) {
  const t = useT();
  const post = person.posts.find((p) => p.primary) ?? person.posts[0];
  const left = person.status === 'deactivated';
  return (
    <Link
      href={href}
      className={classes.person}
      data-here={here || undefined}
      aria-current={here || undefined}
    >
      <PersonAvatar id={person.id} text={person.avatarText} src={person.avatar} size={38} muted={left} />
      <span className={classes.who}>
        <span className={classes.name}>
          {person.name}
          {head && <span className={classes.tag}>{t('directory.head')}</span>}
          {left && (
            <span className={classes.tag} data-left>
              {t('directory.left')}
            </span>
          )}
        </span>
        <span className={classes.post}>
          {[post?.position?.name, post?.department.name].filter(Boolean).join(' · ')}
        </span>
      </span>
      <span className={classes.mail}>{person.mail}</span>
      <span className={classes.number}>{person.phone ? formatPhone(person.phone) : person.staffNo}</span>
    </Link>
  );
}
