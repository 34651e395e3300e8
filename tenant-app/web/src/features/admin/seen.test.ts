import { expect, test } from 'vitest';
import { asOfNow } from './seen';

const face = ({ name }: { name: string }) => name;

test('a change builds on what is there now, unless somebody changed what was seen', () => {
  const seen = { id: 'a', name: '督办室', revision: 1 };
  const moved = { ...seen, revision: 2 };
  expect(asOfNow([{ ...moved, id: 'b' }, moved], seen, face)).toBe(moved);
  expect(asOfNow([{ ...moved, name: '档案室' }], seen, face)).toBe(seen);
  expect(asOfNow([], seen, face)).toBe(seen);
});
