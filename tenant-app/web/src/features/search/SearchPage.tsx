// 搜索: everything this person may see that holds the words. The address says what is shown, so the way back leads here.
import { Button, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useRef } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import { useMay, useMe } from '../../app/session';
import { useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { onEnter } from '../../ui/ime';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { useTitle } from '../../ui/title';
import { walk } from '../../ui/walk';
import { HitRow, PersonRow } from './HitRow';
import { hrefOf, searchAddress } from './hits';
import { foundQuery, type Kind, kinds } from './queries';
import { Recent } from './Recent';
import classes from './SearchPage.module.css';
import { rememberSearch } from './searches';
import { useField } from './useField';

const kindOf = (text: string | null): Kind => kinds.find((k) => k.kind === text)?.kind ?? '';

export default function SearchPage() {
  const t = useT();
  const me = useMe();
  useTitle(t('shell.search'));
  const [, navigate] = useLocation();
  const address = new URLSearchParams(useSearch());
  const kind = kindOf(address.get('kind'));
  const there = address.get('q') ?? '';
  const { asked, set, input } = useField(there);
  // The address follows what is typed, without a step to go back to; one that somebody else wrote is followed.
  const written = useRef(there);
  const follow = useEffectEvent(() => {
    if (there !== written.current) set(there);
    else if (asked !== there) navigate(searchAddress(asked, kind), { replace: true });
    written.current = there === written.current ? asked : there;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of them is a reason to look
  useEffect(() => follow(), [asked, there]);
  return (
    <section className={classes.page} aria-label={t('shell.search')}>
      <header className={classes.head}>
        <Link href="/chat" className={classes.back} aria-label={t('action.back')}>
          <Icon name="left" />
        </Link>
        <TextInput
          {...input}
          type="search"
          className={classes.field ?? ''}
          placeholder={t('search.hint')}
          aria-label={t('search.field')}
          leftSection={<Icon name="search" size={16} />}
          onKeyDown={onEnter(() => rememberSearch(me.personId, asked))}
          ref={(element) => {
            if (there === '') element?.focus();
          }}
        />
      </header>
      {asked === '' ? (
        <Recent onPick={set} />
      ) : (
        <>
          <Tabs q={asked} kind={kind} />
          <Results q={asked} kind={kind} />
        </>
      )}
    </section>
  );
}

function Tabs({ q, kind }: { q: string; kind: Kind }) {
  const t = useT();
  const may = useMay();
  return (
    <nav className={classes.tabs} aria-label={t('search.kinds')}>
      {kinds
        .filter(({ right }) => !right || may(right))
        .map((tab) => (
          <Link
            key={tab.kind}
            href={searchAddress(q, tab.kind)}
            replace
            aria-current={tab.kind === kind ? 'page' : undefined}
          >
            {t(tab.name)}
          </Link>
        ))}
    </nav>
  );
}

function Results({ q, kind }: { q: string; kind: Kind }) {
  const t = useT();
  const me = useMe();
  const { data, error, refetch, isPlaceholderData, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery(foundQuery(q, kind));
  const remember = () => rememberSearch(me.personId, q);
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />;
  const people = data.pages[0]?.people ?? [];
  const hits = data.pages.flatMap((page) => page.items).filter(hrefOf);
  const count = people.length + hits.length;
  if (count === 0 && !hasNextPage) return <Nothing q={q} kind={kind} />;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move between the links inside
    <div className={classes.results} aria-busy={isPlaceholderData} onKeyDown={walk}>
      <p className="visually-hidden" role="status">
        {t('search.count', { count })}
      </p>
      {people.length > 0 && (
        <>
          {kind === '' && <h2>{t('search.people')}</h2>}
          <ul aria-label={t('search.people')}>
            {people.map((person) => (
              <PersonRow key={person.id} person={person} onOpen={remember} />
            ))}
          </ul>
        </>
      )}
      {hits.length > 0 && (
        <>
          {people.length > 0 && <h2>{t('search.contents')}</h2>}
          <ul aria-label={t('search.contents')}>
            {hits.map((hit) => (
              <HitRow key={hit.kind + hit.ref} hit={hit} onOpen={remember} />
            ))}
          </ul>
        </>
      )}
      {hasNextPage && (
        <div className={classes.more}>
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t('search.more')}
          </Button>
        </div>
      )}
    </div>
  );
}

function Nothing({ q, kind }: { q: string; kind: Kind }) {
  const t = useT();
  return (
    <Blank
      icon="search"
      title={t('search.nothing', { q })}
      text={t('search.nothingHint')}
      action={
        kind !== '' && (
          <Button component={Link} href={searchAddress(q)} variant="default">
            {t('search.everywhere')}
          </Button>
        )
      }
    />
  );
}
