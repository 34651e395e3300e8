import { expect, it } from 'vitest';
import { dayOf, endOf, inDays } from './until';

it('lasts to the end of the day that was chosen', () => {
  const end = new Date(endOf('2026-12-31'));
  expect(dayOf(end)).toBe('2026-12-31');
  expect(end.getHours()).toBe(23);
});

it('offers a day in the future', () => {
  expect(inDays(90, new Date('2026-11-22T12:00:00'))).toBe('2027-02-20');
});

it('does not take what is no day', () => {
  expect(endOf('')).toBe('');
});
