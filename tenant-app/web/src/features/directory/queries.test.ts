import { expect, it } from 'vitest';
import { peopleParams } from './queries';

it('asks for what a place of the directory shows', () => {
  expect(peopleParams({ place: 'all', below: true, q: '' })).toEqual({ status: 'active' });
  expect(peopleParams({ place: 'd1', below: true, q: '' })).toEqual({
    department: 'd1',
    below: true,
    status: 'active',
  });
  expect(peopleParams({ place: 'unassigned', below: false, q: '' })).toEqual({
    unassigned: true,
    status: 'active',
  });
  expect(peopleParams({ place: 'deactivated', below: false, q: '' })).toEqual({ status: 'deactivated' });
});

it('searches the whole company, among those who left only there', () => {
  expect(peopleParams({ place: 'd1', below: true, q: 'zw' })).toEqual({ q: 'zw', status: 'active' });
  expect(peopleParams({ place: 'deactivated', below: true, q: 'zw' })).toEqual({
    q: 'zw',
    status: 'deactivated',
  });
});
