import { expect, it } from 'vitest';
import type { PersonDetail } from '../../../api/types';
import { editOf, formOf, newPersonOf, postsChanged } from './personForm';

const person: PersonDetail = {
  id: 'p1',
  name: '张伟',
  avatarText: '张伟',
  status: 'active',
  pinyin: 'zhang wei',
  initial: 'Z',
  phone: '13800000002',
  posts: [{ department: { id: 'd1', name: '研发' }, primary: true, from: '2026-01-01T00:00:00Z' }],
  sort: 1000,
  manager: { id: 'm1', name: '王芳', avatarText: '王芳', status: 'active' },
  reports: [],
  headOf: [],
  history: [],
  createdAt: '2026-01-01T00:00:00Z',
  revision: 3,
};

it('sends only what was changed', () => {
  const before = formOf(person, undefined);
  expect(editOf(before, before)).toEqual({});
  expect(editOf(before, { ...before, phone: ' 13900000009 ' })).toEqual({ phone: '13900000009' });
  expect(editOf(before, { ...before, mail: 'zw@acme.example', sort: '5' })).toEqual({
    mail: 'zw@acme.example',
    sort: 5,
  });
});

it('says empty when something was taken away', () => {
  const before = formOf(person, undefined);
  expect(editOf(before, { ...before, phone: '', manager: null })).toEqual({ phone: '', managerId: '' });
});

it('sees a change of departments, their order included', () => {
  const before = formOf(person, undefined);
  expect(postsChanged(before, { ...before, name: '别的' })).toBe(false);
  const two = [...before.posts, { key: 9, departmentId: 'd2', positionId: null }];
  expect(postsChanged(before, { ...before, posts: two })).toBe(true);
  expect(postsChanged({ ...before, posts: two }, { ...before, posts: [...two].reverse() })).toBe(true);
});

it('makes a new person of what was filled in', () => {
  const form = { ...formOf(undefined, 'd1'), name: ' 李娜 ', staffNo: 'YS031' };
  expect(newPersonOf(form)).toEqual({ name: '李娜', staffNo: 'YS031', posts: [{ departmentId: 'd1' }] });
  expect(newPersonOf({ ...formOf(undefined, undefined), name: '李娜' })).toEqual({ name: '李娜' });
});
