import { expect, it } from 'vitest';
import { middleSquare } from './picture';

it('takes the square in the middle', () => {
  expect(middleSquare(400, 300)).toEqual({ x: 50, y: 0, side: 300 });
  expect(middleSquare(301, 800)).toEqual({ x: 0, y: 249, side: 301 });
});
