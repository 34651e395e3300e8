// 管理: what administrators of the company look after.
import { lazy, Suspense } from 'react';
import { useParams } from 'wouter';
import { adminPlaces, visibleTo } from '../../app/places';
import { useMe } from '../../app/session';
import { useT } from '../../i18n';
import { Sections } from '../../ui/Sections';
import { SkeletonRows } from '../../ui/states';
import { People } from './People';

const sections = {
  people: People,
  departments: lazy(() => import('./Departments')),
  positions: lazy(() => import('./Positions')),
  import: lazy(() => import('./Import')),
  roles: lazy(() => import('./roles/Roles')),
  consents: lazy(() => import('./Consents')),
  notices: lazy(() => import('../notices/SendersSection')),
  desk: lazy(() => import('../desk/DeskSettings')),
  explain: lazy(() => import('./roles/Explain')),
};

const isSection = (name: string): name is keyof typeof sections => Object.hasOwn(sections, name);

export default function AdminPage() {
  const t = useT();
  const me = useMe();
  const { section = '' } = useParams<{ section?: string }>();
  const mine = adminPlaces.filter(visibleTo(me.rights));
  const here = mine.find((place) => place.path === `/admin/${section}`) ?? mine[0];
  const name = here?.path.slice('/admin/'.length) ?? '';
  const Section = isSection(name) ? sections[name] : undefined;
  return (
    <Sections title={t('nav.admin')} base="/admin" places={mine} current={section && `/admin/${section}`}>
      <Suspense fallback={<SkeletonRows />}>{Section && <Section />}</Suspense>
    </Sections>
  );
}
