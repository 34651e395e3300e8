// The departments as a tree: they come as a list in which each stands after its parent.
import type { Department } from '../../api/types';

export type Branch = { department: Department; depth: number; hasChildren: boolean };

export const childrenOf = (all: Department[], id: string | undefined): Department[] =>
  all.filter((d) => (d.parentId ?? undefined) === id);

/** From the top to the department itself; empty if there is no such department. */
export function pathOf(all: Department[], id: string): Department[] {
  const byId = new Map(all.map((d) => [d.id, d]));
  const path: Department[] = [];
  for (
    let d = byId.get(id);
    d && path.length < all.length;
    d = d.parentId ? byId.get(d.parentId) : undefined
  ) {
    path.unshift(d);
  }
  return path;
}

/** 研发中心 / 平台组 */
export const pathText = (all: Department[], id: string): string =>
  pathOf(all, id)
    .map((d) => d.name)
    .join(' / ');

/** Departments below one, itself included: it cannot be moved there. */
export function below(all: Department[], id: string): Set<string> {
  const found = new Set([id]);
  for (const d of all) if (d.parentId && found.has(d.parentId)) found.add(d.id);
  return found;
}

/** The branches to show when only the departments in open are unfolded. */
export function visibleBranches(all: Department[], open: ReadonlySet<string>): Branch[] {
  const depth = new Map<string, number>();
  const parents = new Set(all.map((d) => d.parentId));
  const branches: Branch[] = [];
  for (const department of all) {
    const { id, parentId } = department;
    const level = parentId ? depth.get(parentId) : 0;
    if (level === undefined) continue;
    branches.push({ department, depth: level, hasChildren: parents.has(id) });
    if (open.has(id)) depth.set(id, level + 1);
  }
  return branches;
}
