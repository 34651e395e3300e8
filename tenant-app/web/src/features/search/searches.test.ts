import { expect, it } from 'vitest';
import { withSearch } from './searches';

it('keeps each search once, the latest first, and not too many', () => {
  expect(withSearch(['报价', '请假'], '请假')).toEqual(['请假', '报价']);
  expect(withSearch(['1', '2', '3', '4', '5', '6', '7', '8'], '9')).toEqual([
    '9',
    '1',
    '2',
    '3',
    '4',
    '5',
    '6',
    '7',
  ]);
});
