// 管理: what administrators of the company look after.
import { lazy, Suspense } from 'react';
import { useParams } from 'wouter';
import { adminPlaces } from '../../app/places';
import { useT } from '../../i18n';
import { Sections } from '../../ui/Sections';
import { SkeletonRows } from '../../ui/states';
import { People } from './People';

const sections = {
  people: People,
  departments: lazy(() => import('./Departments')),
  positions: lazy(() => import('./Positions')),
  import: lazy(() => import('./Import')),
};

const isSection = (name: string): name is keyof typeof sections => Object.hasOwn(sections, name);

export default function AdminPage() {
  const t = useT();
  const { section = '' } = useParams<{ section?: string }>();
  const Section = sections[isSection(section) ? section : 'people'];
  return (
    <Sections
      title={t('nav.admin')}
      base="/admin"
      places={adminPlaces}
      current={section && `/admin/${section}`}
    >
      <Suspense fallback={<SkeletonRows />}>
        <Section />
      </Suspense>
    </Sections>
  );
}
