// Changes of people, as the server takes them. If-Match is always the version that the person saw.
import { api, ifMatch, take } from '../../../api/client';
import type { components } from '../../../api/schema';
import type { PersonDetail } from '../../../api/types';

export type PersonEdit = components['schemas']['EditPersonInputBody'];
export type NewPerson = components['schemas']['CreatePersonInputBody'];
export type PostInput = components['schemas']['PostInput'];

type Seen = Pick<PersonDetail, 'id' | 'revision'>;

const on = ({ id, revision }: Seen) => ({ path: { id }, header: { 'If-Match': ifMatch(revision) } });

export const createPerson = (body: NewPerson) => take(api.POST('/api/v1/people', { body }));

export const editPerson = (seen: Seen, body: PersonEdit) =>
  take(api.PATCH('/api/v1/people/{id}', { params: on(seen), body }));

export const movePerson = (seen: Seen, posts: PostInput[]) =>
  take(api.PUT('/api/v1/people/{id}/posts', { params: on(seen), body: { posts } }));

export const deactivate = (seen: Seen) =>
  take(api.POST('/api/v1/people/{id}/deactivate', { params: on(seen) }));

export const reactivate = (seen: Seen) =>
  take(api.POST('/api/v1/people/{id}/reactivate', { params: on(seen) }));

// The description says string for binary bodies; the client sends a Blob as it is.
const binary = (body: Blob) => ({
  body: body as unknown as string,
  headers: { 'Content-Type': 'application/octet-stream' },
});

export const setAvatar = (seen: Seen, picture: Blob) =>
  take(api.PUT('/api/v1/people/{id}/avatar', { params: on(seen), ...binary(picture) }));

export const removeAvatar = (seen: Seen) =>
  take(api.DELETE('/api/v1/people/{id}/avatar', { params: on(seen) }));

export const invite = (id: string) =>
  take(api.POST('/api/v1/people/{id}/invitation', { params: { path: { id } } }));

export const withdrawInvitation = (id: string) =>
  take(api.DELETE('/api/v1/people/{id}/invitation', { params: { path: { id } } }));

export const endSessionsOf = (id: string) =>
  take(api.DELETE('/api/v1/people/{id}/sessions', { params: { path: { id } } }));

export const setAdministrator = (id: string, administrator: boolean) =>
  take(api.PUT('/api/v1/people/{id}/administrator', { params: { path: { id } }, body: { administrator } }));
