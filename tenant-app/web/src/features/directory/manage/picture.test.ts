import { expect, it } from 'vitest';
import { isHeic, middleSquare } from './picture';

it('takes the square in the middle', () => {
  expect(middleSquare(400, 300)).toEqual({ x: 50, y: 0, side: 300 });
  expect(middleSquare(301, 800)).toEqual({ x: 0, y: 249, side: 301 });
});

it('knows the photos of telephones by name or type', () => {
  expect(isHeic({ name: 'IMG_0001.HEIC', type: '' })).toBe(true);
  expect(isHeic({ name: '照片', type: 'image/heif' })).toBe(true);
  expect(isHeic({ name: 'heic.jpg', type: 'image/jpeg' })).toBe(false);
});
