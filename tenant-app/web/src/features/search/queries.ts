// What the page asks the search.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, take } from '../../api/client';
import type { Schemas } from '../../api/types';
import type { Key } from '../../i18n';

export type Hit = Schemas['Hit'];
export type Part = Schemas['Part'];
export type FoundPerson = Schemas['FoundPerson'];

export type Kind = '' | 'message' | 'approval' | 'file' | 'person';

/** The tabs; right: whoever lacks it finds none. */
export const kinds: { kind: Kind; name: Key; right?: string }[] = [
  { kind: '', name: 'search.all' },
  { kind: 'message', name: 'search.messages', right: 'chat.use' },
  { kind: 'approval', name: 'search.approvals', right: 'approval.submit' },
  { kind: 'file', name: 'search.files', right: 'chat.use' },
  { kind: 'person', name: 'search.people' },
];

/** Longer ones are refused. */
export const maxTyped = 200;

const pageSize = 30;
const mostPeople = 100;

const ask = (q: string, kind: Kind, limit: number, cursor: string, signal: AbortSignal) =>
  take(
    api.GET('/api/v1/search', {
      params: { query: { q, limit, ...(kind ? { kind } : {}), ...(cursor ? { cursor } : {}) } },
      signal,
    }),
  );

export const foundQuery = (q: string, kind: Kind) =>
  infiniteQueryOptions({
    queryKey: ['search', 'found', q, kind],
    queryFn: ({ pageParam, signal }) =>
      ask(q, kind, kind === 'person' ? mostPeople : pageSize, pageParam, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    enabled: q !== '',
  });

/** The few that stand in the palette. */
export const glanceQuery = (q: string, limit: number) =>
  queryOptions({
    queryKey: ['search', 'glance', q, limit],
    queryFn: ({ signal }) => ask(q, '', limit, '', signal),
    placeholderData: keepPreviousData,
    enabled: q !== '',
  });
