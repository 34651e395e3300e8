// 工作台: forms to start, one's own approvals, what was decided or copied, drafts; on a phone further places too.
import { useQuery } from '@tanstack/react-query';
import { type ComponentType, lazy, Suspense } from 'react';
import { Link, useParams } from 'wouter';
import { type Place, places, visibleTo, workPlaces } from '../../app/places';
import { useMe } from '../../app/session';
import { useLanguage, useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { usePhone } from '../../ui/media';
import { Sections } from '../../ui/Sections';
import { Failed, SkeletonRows } from '../../ui/states';
import { Boxed } from './Boxed';
import { Detail } from './Detail';
import { Drafts } from './Drafts';
import { said } from './model';
import { formsQuery } from './queries';
import classes from './WorkPage.module.css';

const NewForm = lazy(() => import('./NewForm'));
const PrintSheet = lazy(() => import('./PrintSheet'));
const Suggestions = lazy(() => import('../desk/Suggestions'));
const SuggestionPage = lazy(() => import('../desk/SuggestionPage'));
const NewSuggestion = lazy(() => import('../desk/NewSuggestion'));
const ByCode = lazy(() => import('../desk/ByCode'));
const MendForm = lazy(() => import('./MendForm'));

const sections: Record<string, ComponentType> = {
  start: Start,
  mine: () => <Boxed box="mine" />,
  decided: () => <Boxed box="decided" />,
  cc: () => <Boxed box="cc" />,
  drafts: Drafts,
  suggestions: Suggestions,
};

export default function WorkPage() {
  const { section, item } = useParams<{ section?: string; item?: string }>();
  if (item && section === 'new') return <NewForm key={item} />;
  if (item && section === 'mend') return <MendForm key={item} />;
  if (item && section === 'print') return <PrintSheet key={item} id={item} />;
  if (item && section === 'suggestions') return <SuggestionPage key={item} id={item} />;
  if (item && section === 'suggest') return item === 'code' ? <ByCode /> : <NewSuggestion />;
  if (item) return <Detail key={item} id={item} back={`/work/${section}`} />;
  return <Home section={section} />;
}

function Home({ section }: { section: string | undefined }) {
  const t = useT();
  const me = useMe();
  const phone = usePhone();
  const Section = sections[section ?? 'start'] ?? Start;
  const elsewhere = places.filter((p) => p.wide && visibleTo(me.rights)(p));
  const here = workPlaces.filter(visibleTo(me.rights));
  const shown: Place[] = phone ? [...here.slice(1), ...elsewhere] : here;
  return (
    <Sections
      title={t('nav.work')}
      base="/work"
      places={shown}
      current={section && `/work/${section}`}
      above={phone && <Start />}
    >
      <Suspense fallback={<SkeletonRows />}>
        <Section />
      </Suspense>
    </Sections>
  );
}

function Start() {
  const { t, lang } = useLanguage();
  const { data, error, refetch } = useQuery(formsQuery);
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows rows={3} />;
  return (
    <ul className={classes.forms} aria-label={t('approval.start')}>
      {data.items.map((form) => (
        <li key={form.key}>
          <Link href={`/work/new/${form.key}`}>
            <span className={classes.sign}>
              <Icon name="file" size={22} />
            </span>
            <span>
              <b>{said(form.name, lang)}</b>
              <small>{said(form.hint, lang)}</small>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
