// Outsiders and their organisations as the server gives and takes them.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, ifMatch, take } from '../../api/client';
import type { Guest, Organisation } from '../../api/types';
import { useChangeOf } from '../../api/useChange';
import type { Key } from '../../i18n';

export const guestsQuery = (q: string, ended: boolean) =>
  infiniteQueryOptions({
    queryKey: ['guests', 'list', q, ended],
    queryFn: ({ pageParam, signal }) =>
      take(
        api.GET('/api/v1/guests', {
          params: { query: { q, ended, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
  });

export const organisationsQuery = queryOptions({
  queryKey: ['guests', 'organisations'],
  queryFn: () => take(api.GET('/api/v1/external-organisations')),
});

/** A change of outsiders. */
export const useGuestChange = <V, R>(act: (value: V) => Promise<R>, done?: Key, quiet?: boolean) =>
  useChangeOf([['guests'], ['directory']], act, done, quiet);

type Seen = { id: string; revision: number };

const on = ({ id, revision }: Seen) => ({ path: { id }, header: { 'If-Match': ifMatch(revision) } });

export type GuestInput = {
  name: string;
  phone: string;
  mail: string;
  organisationId: string;
  until: string;
};

export const createGuest = (body: GuestInput) => take(api.POST('/api/v1/guests', { body }));

export const editGuest = (seen: Guest, body: GuestInput) =>
  take(api.PATCH('/api/v1/guests/{id}', { params: on(seen), body }));

export const inviteGuest = (id: string) =>
  take(api.POST('/api/v1/guests/{id}/invitation', { params: { path: { id } } }));

export const setLiaison = (seen: Guest, personId: string) =>
  take(api.PUT('/api/v1/guests/{id}/liaison', { params: on(seen), body: { personId } }));

export const endGuest = (seen: Guest) => take(api.POST('/api/v1/guests/{id}/end', { params: on(seen) }));

export const resumeGuest = (seen: Guest, until: string) =>
  take(api.POST('/api/v1/guests/{id}/resume', { params: on(seen), body: { until } }));

export const handOver = (from: string, personId: string) =>
  take(
    api.POST('/api/v1/people/{id}/guests/hand-over', { params: { path: { id: from } }, body: { personId } }),
  );

export const createOrganisation = (body: Pick<Organisation, 'name' | 'kind'>) =>
  take(api.POST('/api/v1/external-organisations', { body }));

export const editOrganisation = (seen: Organisation, body: Pick<Organisation, 'name' | 'kind'>) =>
  take(api.PUT('/api/v1/external-organisations/{id}', { params: on(seen), body }));

export const closeOrganisation = (seen: Organisation) =>
  take(api.DELETE('/api/v1/external-organisations/{id}', { params: on(seen) }));
