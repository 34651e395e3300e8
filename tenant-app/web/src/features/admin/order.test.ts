import { expect, it } from 'vitest';
import { step } from './order';

const items = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];

it('names whom the item then stands in front of', () => {
  expect(step(items, 'b', -1)).toEqual({ before: 'a' });
  expect(step(items, 'a', 1)).toEqual({ before: 'c' });
  expect(step(items, 'b', 1)).toEqual({ before: undefined });
});

it('cannot go over the edge', () => {
  expect(step(items, 'a', -1)).toBeUndefined();
  expect(step(items, 'c', 1)).toBeUndefined();
  expect(step(items, 'x', 1)).toBeUndefined();
});
