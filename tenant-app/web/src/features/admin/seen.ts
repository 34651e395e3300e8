// What somebody saw when they opened a window, and what became of it meanwhile.

/**
 * The thing as it is now, if what people see of it is still the same: then a change may build on it. Otherwise what was
 * seen, whose version the server refuses, and the person looks again. A place among others does not count.
 */
export function asOfNow<T extends { id: string }>(all: T[], seen: T, face: (item: T) => unknown): T {
  const now = all.find((item) => item.id === seen.id);
  return now && JSON.stringify(face(now)) === JSON.stringify(face(seen)) ? now : seen;
}
