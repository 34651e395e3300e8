// Roles and reasons as the server gives and takes them.
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ifMatch, take } from '../../../api/client';
import { explain } from '../../../api/problem';
import type { Role, RoleGrantee, RoleRight } from '../../../api/types';
import { type Key, useT } from '../../../i18n';
import { notify } from '../../../ui/notices';

export const rolesQuery = queryOptions({
  queryKey: ['rights', 'roles'],
  queryFn: () => take(api.GET('/api/v1/roles')),
});

export const holdingsQuery = (person: string) =>
  queryOptions({
    queryKey: ['rights', 'of', person],
    queryFn: () => take(api.GET('/api/v1/people/{id}/rights', { params: { path: { id: person } } })),
  });

export type Question = { person: string; right: string; kind: string; object: string };

export const explainQuery = ({ person, right, kind, object }: Question) =>
  queryOptions({
    queryKey: ['rights', 'why', person, right, kind, object],
    queryFn: () =>
      take(
        api.GET('/api/v1/people/{id}/rights/explain', {
          params: { path: { id: person }, query: { right, kind, object } },
        }),
      ),
  });

/** A change of rights: everything shown of them, and what I may do myself, is read again. */
export function useRightsChange<V, R>(act: (value: V) => Promise<R>, done: Key, quiet = false) {
  const client = useQueryClient();
  const t = useT();
  return useMutation({
    mutationFn: act,
    onSuccess: () => notify({ tone: 'good', text: t(done) }),
    onError: (error) => {
      if (!quiet) notify({ tone: 'bad', text: explain(error, t) });
    },
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['rights'] }),
        client.invalidateQueries({ queryKey: ['me'] }),
      ]),
  });
}

const on = ({ id, revision }: Role) => ({ path: { id }, header: { 'If-Match': ifMatch(revision) } });

export const createRole = (body: { name: string; external: boolean }) =>
  take(api.POST('/api/v1/roles', { body }));

export const renameRole = (seen: Role, name: string) =>
  take(api.PATCH('/api/v1/roles/{id}', { params: on(seen), body: { name } }));

export const deleteRole = (seen: Role) => take(api.DELETE('/api/v1/roles/{id}', { params: on(seen) }));

export const setRights = (seen: Role, rights: RoleRight[]) =>
  take(api.PUT('/api/v1/roles/{id}/rights', { params: on(seen), body: { rights } }));

export const grantRole = (role: Role, kind: RoleGrantee['kind'], to: string | undefined) =>
  take(
    api.POST('/api/v1/roles/{id}/grants', {
      params: { path: { id: role.id } },
      body: { kind, ...(to ? { to } : {}) },
    }),
  );

export const withdrawRole = (role: Role, grant: string) =>
  take(api.DELETE('/api/v1/roles/{id}/grants/{grant}', { params: { path: { id: role.id, grant } } }));

export const giveObject = (body: {
  id: string;
  kind: string;
  objectId: string;
  right: string;
  toKind: 'person';
  toId: string;
}) => take(api.POST('/api/v1/object-rights', { body }));

export const takeObject = (id: string) =>
  take(api.DELETE('/api/v1/object-rights/{id}', { params: { path: { id } } }));
