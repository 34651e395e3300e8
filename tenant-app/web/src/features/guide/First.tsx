// What happens by itself for who is new: the cards once, and what only the page can tell of the first steps.
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useEffect } from 'react';
import { useLocation } from 'wouter';
import { guideQuery, useMark } from './queries';

const Tour = lazy(() => import('./Tour'));

/** Opened from the home screen rather than in a tab. */
const isInstalled = () => matchMedia('(display-mode: standalone)').matches;

export default function First() {
  const { data: guide } = useQuery(guideQuery);
  const { mutate } = useMark();
  const [path] = useLocation();
  const open = (key: string) => guide?.steps.some((step) => step.key === key && !step.done) ?? false;
  const tellInstalled = open('install') && isInstalled();
  const tellLooked = open('todo') && path.startsWith('/todo');
  useEffect(() => {
    if (tellInstalled) mutate({ mark: 'installed' });
  }, [tellInstalled, mutate]);
  useEffect(() => {
    if (tellLooked) mutate({ mark: 'looked' });
  }, [tellLooked, mutate]);
  if (!guide || guide.toured) return null;
  return (
    <Suspense fallback={null}>
      <Tour onClose={() => mutate({ mark: 'toured' })} />
    </Suspense>
  );
}
