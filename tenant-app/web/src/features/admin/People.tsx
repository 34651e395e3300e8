// All people as a table, to look through and mend.
import { Button, SegmentedControl, TextInput } from '@mantine/core';
import '@mantine/core/styles/SegmentedControl.layer.css';
import '@mantine/core/styles/FloatingIndicator.layer.css';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import { explain } from '../../api/problem';
import type { Person, Tree } from '../../api/types';
import { useT } from '../../i18n';
import { formatPhone } from '../../i18n/format';
import { ActionMenu } from '../../ui/ActionMenu';
import { Icon } from '../../ui/Icon';
import { notify } from '../../ui/notices';
import panel from '../../ui/Panel.module.css';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { peopleQuery, treeQuery } from '../directory/queries';
import { pathText } from '../directory/tree';
import { type Format, saveExport } from './files';
import classes from './People.module.css';

const PersonDialog = lazy(() => import('../directory/manage/PersonDialog'));
const typingMs = 200;

export function People() {
  const t = useT();
  const [place, setPlace] = useState('all');
  const [typed, setTyped] = useState('');
  const [q] = useDebouncedValue(typed.trim(), typingMs);
  const [adding, setAdding] = useState(false);
  const { data: tree } = useQuery(treeQuery);
  const tabs = [
    { value: 'all', label: t('people.active', { count: tree?.people ?? 0 }) },
    { value: 'unassigned', label: t('people.unassigned', { count: tree?.unassigned ?? 0 }) },
    { value: 'deactivated', label: t('people.deactivated', { count: tree?.deactivated ?? 0 }) },
  ];
  return (
    <div className={`${panel.panel} ${panel.wide}`}>
      <div className={panel.tools}>
        <TextInput
          className={panel.grow ?? ''}
          type="search"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          placeholder={t('directory.searchHint')}
          aria-label={t('directory.search')}
          leftSection={<Icon name="search" size={16} />}
        />
        <Button leftSection={<Icon name="plus" size={16} />} onClick={() => setAdding(true)}>
          {t('directory.add')}
        </Button>
        <Export />
      </div>
      <SegmentedControl
        value={place}
        onChange={setPlace}
        data={tabs}
        aria-label={t('people.which')}
        className={classes.tabs ?? ''}
      />
      <Table place={place} q={q} tree={tree} />
      {adding && (
        <Suspense fallback={null}>
          <PersonDialog onClose={() => setAdding(false)} />
        </Suspense>
      )}
    </div>
  );
}

function Export() {
  const t = useT();
  const save = useMutation({
    mutationFn: (format: Format) => saveExport(format),
    onError: (error) => notify({ tone: 'bad', text: explain(error, t) }),
  });
  return (
    <ActionMenu
      label={t('action.more')}
      actions={[
        { label: t('people.exportXlsx'), icon: 'download', run: () => save.mutate('xlsx') },
        { label: t('people.exportCsv'), icon: 'download', run: () => save.mutate('csv') },
      ]}
    />
  );
}

function Table({ place, q, tree }: { place: string; q: string; tree: Tree | undefined }) {
  const t = useT();
  const list = useInfiniteQuery(peopleQuery({ place, below: true, q }));
  if (!list.data)
    return list.error ? <Failed error={list.error} retry={() => void list.refetch()} /> : <SkeletonRows />;
  const people = list.data.pages.flatMap((page) => page.items);
  if (people.length === 0) {
    return q ? (
      <Blank icon="search" title={t('directory.nobodyFound', { q })} text={t('directory.nobodyFoundHint')} />
    ) : (
      <Blank icon="people" title={t('directory.nobody')} text={t('directory.nobodyHint')} />
    );
  }
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className={classes.frame} tabIndex={0} aria-label={t('admin.people')}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th>{t('person.name')}</th>
              <th>{t('person.staffNo')}</th>
              <th>{t('person.department')}</th>
              <th>{t('person.position')}</th>
              <th>{t('person.phone')}</th>
              <th>{t('person.mail')}</th>
            </tr>
          </thead>
          <tbody>
            {people.map((person) => (
              <Line key={person.id} person={person} place={place} tree={tree} />
            ))}
          </tbody>
        </table>
      </section>
      {list.hasNextPage && (
        <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t('people.more')}
        </Button>
      )}
    </>
  );
}

function Line({ person, place, tree }: { person: Person; place: string; tree: Tree | undefined }) {
  const post = person.posts.find((p) => p.primary) ?? person.posts[0];
  const href = `/directory${place === 'deactivated' ? '/deactivated' : post ? `/${post.department.id}` : ''}?person=${person.id}`;
  return (
    <tr>
      <td>
        <Link href={href} className={classes.name}>
          <PersonAvatar
            id={person.id}
            text={person.avatarText}
            src={person.avatar}
            size={28}
            muted={place === 'deactivated'}
          />
          {person.name}
        </Link>
      </td>
      <td>{person.staffNo}</td>
      <td>{post && (pathText(tree?.departments ?? [], post.department.id) || post.department.name)}</td>
      <td>{post?.position?.name}</td>
      <td className={classes.number}>{person.phone && formatPhone(person.phone)}</td>
      <td>{person.mail}</td>
    </tr>
  );
}
