import { expect, it } from 'vitest';
import { pauseAfter } from './pause';

it('doubles up to a minute, spread around the step', () => {
  const middle = () => 0.5;
  expect([1, 2, 3, 4, 7, 50].map((n) => pauseAfter(n, middle))).toEqual([
    1_000, 2_000, 4_000, 8_000, 60_000, 60_000,
  ]);
  expect(pauseAfter(3, () => 0)).toBe(2_000);
  expect(pauseAfter(3, () => 1)).toBe(6_000);
});
