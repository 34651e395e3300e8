import { expect, it } from 'vitest';
import type { Department } from '../../api/types';
import { below, childrenOf, pathText, visibleBranches } from './tree';

const d = (id: string, parentId?: string): Department => ({
  id,
  name: id.toUpperCase(),
  heads: [],
  people: 0,
  total: 0,
  revision: 1,
  ...(parentId ? { parentId } : {}),
});
const all = [d('a'), d('a1', 'a'), d('a11', 'a1'), d('a2', 'a'), d('b')];

it('names a department by its path', () => {
  expect(pathText(all, 'a11')).toBe('A / A1 / A11');
  expect(pathText(all, 'nothing')).toBe('');
});

it('finds what stands directly below', () => {
  expect(childrenOf(all, 'a').map((x) => x.id)).toEqual(['a1', 'a2']);
  expect(childrenOf(all, undefined).map((x) => x.id)).toEqual(['a', 'b']);
});

it('knows where a department cannot be moved', () => {
  expect([...below(all, 'a1')]).toEqual(['a1', 'a11']);
});

it('shows only unfolded branches', () => {
  const shown = (open: string[]) =>
    visibleBranches(all, new Set(open)).map((b) => `${b.depth}${b.department.id}`);
  expect(shown([])).toEqual(['0a', '0b']);
  expect(shown(['a'])).toEqual(['0a', '1a1', '1a2', '0b']);
  expect(shown(['a', 'a1'])).toEqual(['0a', '1a1', '2a11', '1a2', '0b']);
  expect(shown(['a1'])).toEqual(['0a', '0b']);
});
