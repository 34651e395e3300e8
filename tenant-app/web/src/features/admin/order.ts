// Moving one step within a list, as the server wants it: by naming the one to stand in front of.

/**
 * Who stands behind the item after it moved a step up (-1) or down (1).
 * before undefined means last; undefined as a whole means that it cannot move.
 */
export function step<T extends { id: string }>(
  items: T[],
  id: string,
  by: -1 | 1,
): { before: string | undefined } | undefined {
  const at = items.findIndex((item) => item.id === id);
  const to = at + by;
  if (at < 0 || to < 0 || to >= items.length) return undefined;
  return { before: by === -1 ? items[to]?.id : items[to + 1]?.id };
}
