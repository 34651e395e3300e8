// Changes of departments and positions. If-Match is the version that the person saw.
import { api, ifMatch, take } from '../../api/client';
import type { Department, Position } from '../../api/types';

type Seen = { id: string; revision: number };

const on = ({ id, revision }: Seen) => ({ path: { id }, header: { 'If-Match': ifMatch(revision) } });

export const createDepartment = (name: string, parentId: string | undefined) =>
  take(api.POST('/api/v1/departments', { body: { name, ...(parentId ? { parentId } : {}) } }));

export const renameDepartment = (seen: Department, name: string) =>
  take(api.PATCH('/api/v1/departments/{id}', { params: on(seen), body: { name } }));

/** Under parentId (none: the top), in front of before (none: last). */
export const moveDepartment = (seen: Department, parentId: string | undefined, before?: string) =>
  take(
    api.POST('/api/v1/departments/{id}/move', {
      params: on(seen),
      body: { ...(parentId ? { parentId } : {}), ...(before ? { before } : {}) },
    }),
  );

export const setHeads = (seen: Department, personIds: string[]) =>
  take(api.PUT('/api/v1/departments/{id}/heads', { params: on(seen), body: { personIds } }));

export const deleteDepartment = (seen: Department) =>
  take(api.DELETE('/api/v1/departments/{id}', { params: on(seen) }));

export const createPosition = (name: string) => take(api.POST('/api/v1/positions', { body: { name } }));

export const renamePosition = (seen: Position, name: string) =>
  take(api.PATCH('/api/v1/positions/{id}', { params: on(seen), body: { name } }));

export const movePosition = (seen: Position, before: string | undefined) =>
  take(api.POST('/api/v1/positions/{id}/move', { params: on(seen), body: before ? { before } : {} }));

export const deletePosition = (seen: Position) =>
  take(api.DELETE('/api/v1/positions/{id}', { params: on(seen) }));
