// The middle: where one is, the search, and the people.
import { ActionIcon, Button, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import type { Department, Tree } from '../../api/types';
import { useMay, useMe } from '../../app/session';
import { type Translate, useLanguage, useT } from '../../i18n';
import { formatList } from '../../i18n/format';
import { Icon } from '../../ui/Icon';
import { useOnline, useWide } from '../../ui/media';
import { personAddress } from './address';
import { PeopleList } from './PeopleList';
import classes from './PeoplePane.module.css';
import { isSpecial } from './queries';
import { childrenOf, pathOf } from './tree';

const PersonDialog = lazy(() => import('./manage/PersonDialog'));
const typingMs = 200;

type Props = {
  tree: Tree;
  place: string;
  selected: string | undefined;
  q: string;
  onQ: (q: string) => void;
};

/** Departments to step into: narrow screens have no tree beside the list. */
function steps(tree: Tree, place: string, wide: boolean): Department[] {
  return wide || (place !== '' && isSpecial(place)) ? [] : childrenOf(tree.departments, place || undefined);
}

export function PeoplePane({ tree, place, selected, q, onQ }: Props) {
  const t = useT();
  const me = useMe();
  const may = useMay();
  const wide = useWide();
  const [adding, setAdding] = useState(false);
  const [asked] = useDebouncedValue(q.trim(), typingMs);
  const searching = q.trim() !== '' && asked !== '';
  const department = tree.departments.find((d) => d.id === place);
  // Who sees no department, such as a guest, sees the people at once.
  const top = !wide && place === '' && (tree.departments.length > 0 || may('directory.manage'));

  return (
    <>
      <header className={classes.head}>
        {!wide && place !== '' && !searching && <Crumbs tree={tree} place={place} company={me.company} />}
        <div className={classes.bar}>
          <TextInput
            className={classes.search}
            value={q}
            onChange={(event) => onQ(event.currentTarget.value)}
            onKeyDown={(event) => event.key === 'Escape' && onQ('')}
            placeholder={t('directory.searchHint')}
            aria-label={t('directory.search')}
            type="search"
            enterKeyHint="search"
            leftSection={<Icon name="search" size={16} />}
          />
          {may('directory.manage') && <AddButton wide={wide} onAdd={() => setAdding(true)} />}
        </div>
        {!searching && !top && <Heading tree={tree} place={place} department={department} />}
      </header>
      {may('directory.manage') && tree.departments.length === 0 && !searching && <FirstSteps />}
      <PeopleList
        filter={{ place: place || 'all', below: wide, q: searching ? asked : '' }}
        departments={searching ? [] : steps(tree, place, wide)}
        company={top && !searching ? tree.people : undefined}
        extra={top && !searching ? extraPlaces(tree, may('directory.manage'), t) : []}
        heads={department?.heads ?? []}
        place={place}
        selected={selected}
      />
      {adding && (
        <Suspense fallback={null}>
          <PersonDialog department={department?.id} onClose={() => setAdding(false)} />
        </Suspense>
      )}
    </>
  );
}

/** A new company: the fastest way from nothing to a directory. */
function FirstSteps() {
  const t = useT();
  return (
    <div className={classes.first}>
      <p>{t('directory.firstSteps')}</p>
      <Button
        component={Link}
        href="/admin/import"
        variant="light"
        leftSection={<Icon name="upload" size={16} />}
      >
        {t('directory.toImport')}
      </Button>
    </div>
  );
}

function AddButton({ wide, onAdd }: { wide: boolean; onAdd: () => void }) {
  const t = useT();
  const online = useOnline();
  if (wide) {
    return (
      <Button disabled={!online} onClick={onAdd} leftSection={<Icon name="plus" size={16} />}>
        {t('directory.add')}
      </Button>
    );
  }
  return (
    <ActionIcon size={44} variant="light" disabled={!online} onClick={onAdd} aria-label={t('directory.add')}>
      <Icon name="plus" />
    </ActionIcon>
  );
}

function extraPlaces(tree: Tree, admin: boolean, t: Translate) {
  return [
    { place: 'unassigned', name: t('directory.unassigned'), count: tree.unassigned },
    { place: 'deactivated', name: t('directory.deactivated'), count: admin ? tree.deactivated : 0 },
  ].filter((p) => p.count > 0);
}

function placeName(t: Translate, place: string, department: Department | undefined, company: string): string {
  if (department) return department.name;
  if (place === 'unassigned') return t('directory.unassigned');
  return place === 'deactivated' ? t('directory.deactivated') : company;
}

function countOf(tree: Tree, place: string, department: Department | undefined, wide: boolean): number {
  if (department) return wide ? department.total : department.people;
  if (place === 'unassigned') return tree.unassigned;
  return place === 'deactivated' ? tree.deactivated : tree.people;
}

function Heading({
  tree,
  place,
  department,
}: {
  tree: Tree;
  place: string;
  department: Department | undefined;
}) {
  const { t, lang } = useLanguage();
  const me = useMe();
  const wide = useWide();
  const heads = department?.heads ?? [];
  return (
    <div className={classes.heading}>
      <h1 className={classes.title}>{placeName(t, place, department, me.company)}</h1>
      <span className={classes.count}>
        {t('directory.count', { count: countOf(tree, place, department, wide) })}
      </span>
      {heads.length > 0 && (
        <span className={classes.heads}>
          {t('directory.headsAre', { names: '' })}
          {heads.length > 3
            ? formatList(
                lang,
                heads.map((h) => h.name),
              )
            : heads.map((h) => (
                <Link key={h.id} href={personAddress(place, h.id)}>
                  {h.name}
                </Link>
              ))}
        </span>
      )}
    </div>
  );
}

function Crumbs({ tree, place, company }: { tree: Tree; place: string; company: string }) {
  const t = useT();
  const path = pathOf(tree.departments, place);
  const above = path.at(-2);
  return (
    <nav className={classes.crumbs} aria-label={t('directory.path')}>
      <Link
        href={above ? `/directory/${above.id}` : '/directory'}
        className={classes.back}
        aria-label={t('action.back')}
      >
        <Icon name="left" />
      </Link>
      <ol>
        <li>
          <Link href="/directory">{company}</Link>
        </li>
        {path.slice(0, -1).map((d) => (
          <li key={d.id}>
            <Link href={`/directory/${d.id}`}>{d.name}</Link>
          </li>
        ))}
      </ol>
    </nav>
  );
}
