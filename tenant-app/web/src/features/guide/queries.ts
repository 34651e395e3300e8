// What the server knows of how far somebody is.
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, take } from '../../api/client';
import type { Guide } from '../../api/types';
import { adminPlaces, beginnings, mePlaces, places, visibleTo, workPlaces } from '../../app/places';

export const guideQuery = queryOptions({
  queryKey: ['guide'],
  queryFn: () => take(api.GET('/api/v1/me/guide')),
});

export type Mark = 'toured' | 'dismissed' | 'installed' | 'looked';

/** Notes something that only the page knows; it shows at once. */
export function useMark() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ mark, on = true }: { mark: Mark; on?: boolean }) =>
      take(api.PUT('/api/v1/me/guide', { body: { mark, on } })),
    onMutate: ({ mark, on = true }) => {
      if (mark === 'toured' || mark === 'dismissed')
        client.setQueryData<Guide>(guideQuery.queryKey, (guide) => guide && { ...guide, [mark]: on });
    },
    onSettled: () => client.invalidateQueries({ queryKey: guideQuery.queryKey }),
  });
}

/** Where each step is done. */
const ways: Record<string, string> = {
  people: '/admin/import',
  departments: '/admin/departments',
  heads: '/admin/departments',
  roles: '/admin/roles',
  holidays: '/admin/calendar',
  senders: '/admin/notices',
  todo: '/todo',
  delegate: '/me/delegation',
  photo: '/me/profile',
  install: '/me/help?ask=install',
  channel: '/me/notices',
  message: '/chat?new=1',
  approval: '/work/start',
};

/** Whether a person has a place: none is shown that does not work for them. */
export function leadsTo(path: string, rights: string[]): boolean {
  const [at] = path.split('?');
  return [...places, ...adminPlaces, ...mePlaces, ...workPlaces, ...beginnings]
    .filter(visibleTo(rights))
    .some((place) => place.path.split('?')[0] === at);
}

export type Step = Guide['steps'][number] & { way: string };

/** The steps of a person that have a place to do them. */
export function stepsOf(guide: Guide, rights: string[]): Step[] {
  return guide.steps
    .map((step) => ({ ...step, way: ways[step.key] ?? '' }))
    .filter((step) => step.way !== '' && leadsTo(step.way, rights));
}
