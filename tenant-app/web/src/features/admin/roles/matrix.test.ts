import { describe, expect, it } from 'vitest';
import { cellsOf, draftOf, incomplete, sameRights, scopesFor, toggleMask, withScope } from './matrix';

const read = {
  right: 'directory.read',
  scopes: ['self', 'part', 'tree', 'chosen', 'all'],
  fields: ['phone'],
  outside: true,
  kinds: [],
};
const manage = { right: 'directory.manage', scopes: [], fields: [], outside: false, kinds: [] };

describe('the matrix of a role', () => {
  const draft = draftOf([
    { right: 'directory.read', scope: 'chosen', departments: [{ id: 'd', name: 'D' }], masks: ['phone'] },
  ]);

  it('keeps masks and drops departments when the scope changes', () => {
    expect(withScope(draft, 'directory.read', 'tree')['directory.read']).toEqual({
      right: 'directory.read',
      scope: 'tree',
      masks: ['phone'],
    });
    expect(withScope(draft, 'directory.read', null)).toEqual({});
  });

  it('masks and shows a field', () => {
    const shown = toggleMask(draft, 'directory.read', 'phone');
    expect(shown['directory.read']?.masks).toEqual([]);
    expect(toggleMask(shown, 'directory.read', 'phone')['directory.read']?.masks).toEqual(['phone']);
    expect(toggleMask(draft, 'directory.manage', 'phone')).toBe(draft);
  });

  it('knows whether anything changed', () => {
    expect(sameRights(draft, withScope(draft, 'directory.read', 'chosen'))).toBe(true);
    expect(sameRights(draft, withScope(draft, 'directory.manage', 'all'))).toBe(false);
  });

  it('sends the order of the catalogue and sees missing departments', () => {
    const both = withScope(draft, 'directory.manage', 'all');
    expect(cellsOf(both, [manage, read]).map((c) => c.right)).toEqual(['directory.manage', 'directory.read']);
    expect(incomplete(draft)).toBe(false);
    expect(incomplete(withScope({}, 'directory.read', 'chosen'))).toBe(true);
  });

  it('offers outsiders the two narrowest scopes', () => {
    expect(scopesFor(read, true)).toEqual(['self', 'part']);
    expect(scopesFor(manage, false)).toEqual(['all']);
  });
});
