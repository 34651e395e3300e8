import { expect, it } from 'vitest';
import { newId } from './id';

it('makes ids that the server takes, in the order of time', () => {
  const early = newId(Date.UTC(2026, 10, 22));
  const late = newId(Date.UTC(2026, 10, 23));
  expect(early).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(early < late).toBe(true);
  expect(Number.parseInt(early.replace('-', '').slice(0, 12), 16)).toBe(Date.UTC(2026, 10, 22));
  expect(newId(0)).not.toBe(newId(0));
});
