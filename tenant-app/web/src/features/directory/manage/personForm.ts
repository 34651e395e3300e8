// What the form of a person holds, and what of it has to be sent. Pure.
import type { PersonDetail } from '../../../api/types';
import type { NewPerson, PersonEdit, PostInput } from './changes';
import type { Draft } from './PostsEditor';

const textFields = ['name', 'staffNo', 'phone', 'mail', 'hiredOn'] as const;
type TextField = (typeof textFields)[number];

export type PersonForm = Record<TextField, string> & {
  manager: { id: string; name: string } | null;
  sort: string;
  posts: Draft[];
};

export function formOf(person: PersonDetail | undefined, department: string | undefined): PersonForm {
  return {
    name: person?.name ?? '',
    staffNo: person?.staffNo ?? '',
    phone: person?.phone ?? '',
    mail: person?.mail ?? '',
    hiredOn: person?.hiredOn ?? '',
    manager: person?.manager ? { id: person.manager.id, name: person.manager.name } : null,
    sort: person ? String(person.sort) : '',
    posts: person
      ? person.posts.map((post, key) => ({
          key,
          departmentId: post.department.id,
          positionId: post.position?.id ?? null,
        }))
      : [{ key: 0, departmentId: department ?? null, positionId: null }],
  };
}

/** Rows without a department are not sent. */
export const postsOf = (form: PersonForm): PostInput[] =>
  form.posts.flatMap(({ departmentId, positionId }) =>
    departmentId ? [{ departmentId, ...(positionId ? { positionId } : {}) }] : [],
  );

const sortOf = (form: PersonForm): number | undefined =>
  /^\d{1,6}$/.test(form.sort) ? Number(form.sort) : undefined;

export function newPersonOf(form: PersonForm): NewPerson {
  const body: NewPerson = { name: form.name.trim() };
  for (const field of textFields) if (form[field].trim() !== '') body[field] = form[field].trim();
  if (form.manager) body.managerId = form.manager.id;
  const sort = sortOf(form);
  if (sort !== undefined) body.sort = sort;
  const posts = postsOf(form);
  if (posts.length > 0) body.posts = posts;
  return body;
}

/** Only what differs, so that two people can change different things of the same person. */
export function editOf(before: PersonForm, form: PersonForm): PersonEdit {
  const body: PersonEdit = {};
  for (const field of textFields) if (form[field].trim() !== before[field]) body[field] = form[field].trim();
  if (form.manager?.id !== before.manager?.id) body.managerId = form.manager?.id ?? '';
  const sort = sortOf(form);
  if (sort !== undefined && form.sort !== before.sort) body.sort = sort;
  return body;
}

export const postsChanged = (before: PersonForm, form: PersonForm): boolean =>
  JSON.stringify(postsOf(before)) !== JSON.stringify(postsOf(form));
