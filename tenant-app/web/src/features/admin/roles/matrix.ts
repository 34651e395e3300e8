// The matrix of one role as it is edited: for each right its scope, departments and masks.
import type { CatalogueRight, RoleRight } from '../../../api/types';

export type Cell = RoleRight;
export type Draft = Record<string, Cell>;

export const draftOf = (rights: RoleRight[]): Draft =>
  Object.fromEntries(rights.map((cell) => [cell.right, cell]));

/** The scopes that a role can choose for a right; outsiders get no further than what they take part in. */
export function scopesFor(right: CatalogueRight, external: boolean): RoleRight['scope'][] {
  if (right.scopes.length === 0) return ['all'];
  const all = right.scopes as RoleRight['scope'][];
  return external ? all.filter((scope) => scope === 'self' || scope === 'part') : all;
}

/** A right set to a scope, or taken away; what does not fit the scope goes. */
export function withScope(draft: Draft, right: string, scope: RoleRight['scope'] | null): Draft {
  const { [right]: before, ...rest } = draft;
  if (!scope) return rest;
  const cell: Cell = { right, scope };
  if (before?.masks?.length) cell.masks = before.masks;
  if (scope === 'chosen' && before?.departments?.length) cell.departments = before.departments;
  return { ...rest, [right]: cell };
}

export function toggleMask(draft: Draft, right: string, field: string): Draft {
  const cell = draft[right];
  if (!cell) return draft;
  const masks = new Set(cell.masks);
  if (!masks.delete(field)) masks.add(field);
  return { ...draft, [right]: { ...cell, masks: [...masks].sort() } };
}

/** What the server is sent, in the order of the catalogue. */
export const cellsOf = (draft: Draft, catalogue: CatalogueRight[]): Cell[] =>
  catalogue.flatMap(({ right }) => draft[right] ?? []);

const plain = (cell: Cell) =>
  JSON.stringify([
    cell.right,
    cell.scope,
    (cell.departments ?? []).map((d) => d.id).sort(),
    [...(cell.masks ?? [])].sort(),
  ]);

export const sameRights = (a: Draft, b: Draft): boolean =>
  JSON.stringify(Object.values(a).map(plain).sort()) === JSON.stringify(Object.values(b).map(plain).sort());

/** Chosen departments are missing somewhere: the server would refuse. */
export const incomplete = (draft: Draft): boolean =>
  Object.values(draft).some((cell) => cell.scope === 'chosen' && !cell.departments?.length);
