import { expect, it } from 'vitest';
import { fileName } from './download';

it('reads the file name that the server gives', () => {
  expect(
    fileName(`attachment; filename="people.xlsx"; filename*=UTF-8''%E9%80%9A%E8%AE%AF%E5%BD%95.xlsx`),
  ).toBe('通讯录.xlsx');
  expect(fileName('attachment; filename="people.csv"')).toBe('people.csv');
  expect(fileName(null)).toBeUndefined();
});
