// What the page reads of the directory, and how a change is sent.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, take } from '../../api/client';
import { useChangeOf } from '../../api/useChange';
import type { Key } from '../../i18n';

const keep = { keep: true };
const pageSize = 100;

/** Places of the directory that are no department. */
export type Special = 'all' | 'unassigned' | 'deactivated';
export const isSpecial = (id: string): id is Special =>
  id === 'all' || id === 'unassigned' || id === 'deactivated';

export type PeopleFilter = { place: string; below: boolean; q: string };

export const treeQuery = queryOptions({
  queryKey: ['directory', 'tree'],
  queryFn: () => take(api.GET('/api/v1/departments')),
  meta: keep,
});

export const positionsQuery = queryOptions({
  queryKey: ['directory', 'positions'],
  queryFn: () => take(api.GET('/api/v1/positions')),
  meta: keep,
});

export const personQuery = (id: string) =>
  queryOptions({
    queryKey: ['directory', 'person', id],
    queryFn: () => take(api.GET('/api/v1/people/{id}', { params: { path: { id } } })),
    meta: keep,
  });

/** Whether and how a person can sign in; for administrators. */
export const accountQuery = (id: string) =>
  queryOptions({
    queryKey: ['directory', 'account', id],
    queryFn: () => take(api.GET('/api/v1/people/{id}/account', { params: { path: { id } } })),
  });

/** The query parameters for a filter: a search goes through the whole company. */
export function peopleParams({ place, below, q }: PeopleFilter) {
  const status = place === 'deactivated' ? ('deactivated' as const) : ('active' as const);
  if (q) return { q, status };
  if (place === 'unassigned') return { unassigned: true, status };
  return isSpecial(place) ? { status } : { department: place, below, status };
}

export const peopleQuery = (filter: PeopleFilter) =>
  infiniteQueryOptions({
    queryKey: ['directory', 'people', peopleParams(filter)],
    queryFn: ({ pageParam, signal }) =>
      take(
        api.GET('/api/v1/people', {
          params: {
            query: { ...peopleParams(filter), limit: pageSize, ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    meta: filter.q ? {} : keep,
  });

/** People whose name, pinyin or number fits, for pickers and the palette. */
export const findQuery = (q: string, limit = 8) =>
  queryOptions({
    queryKey: ['directory', 'find', q, limit],
    queryFn: ({ signal }) => take(api.GET('/api/v1/people', { params: { query: { q, limit } }, signal })),
    enabled: q.trim() !== '',
    placeholderData: (before) => before,
  });

/** A change of the directory. */
export const useChange = <V, R>(act: (value: V) => Promise<R>, done?: Key, quiet?: boolean) =>
  useChangeOf([['directory']], act, done, quiet);
