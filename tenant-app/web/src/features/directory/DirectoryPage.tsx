// 通讯录: the tree, the people, one person. Wide screens show all three; narrow ones one after the other.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useMe } from '../../app/session';
import { useT } from '../../i18n';
import { useWide } from '../../ui/media';
import { Failed, SkeletonRows } from '../../ui/states';
import { useTitle } from '../../ui/title';
import { useAddress } from './address';
import { DepartmentTree } from './DepartmentTree';
import classes from './DirectoryPage.module.css';
import { PeoplePane } from './PeoplePane';
import { PersonCard } from './PersonCard';
import { treeQuery } from './queries';

export default function DirectoryPage() {
  const t = useT();
  const me = useMe();
  const wide = useWide();
  const { place, person, closePerson } = useAddress();
  const [q, setQ] = useState('');
  const { data: tree, error, refetch } = useQuery(treeQuery);
  useTitle(t('nav.directory'));

  if (!tree)
    return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows rows={10} />;
  return (
    <div className={classes.page} data-person={person ? true : undefined}>
      {wide && (
        <aside className={classes.tree} aria-label={t('directory.departments')}>
          <DepartmentTree tree={tree} place={place || 'all'} company={me.company} onPick={() => setQ('')} />
        </aside>
      )}
      <section
        className={classes.list}
        aria-label={t('directory.people')}
        inert={!wide && person !== undefined}
      >
        <PeoplePane tree={tree} place={place} selected={person} q={q} onQ={setQ} />
      </section>
      {person && (
        <section className={classes.person} aria-label={t('directory.person')}>
          <PersonCard key={person} id={person} place={place} onClose={closePerson} />
        </section>
      )}
    </div>
  );
}
