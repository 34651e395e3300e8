// What this person last looked for on this device; gone when they sign out.
import { useSyncExternalStore } from 'react';

const storageKey = 'atrium-searches';
const most = 8;

type Kept = { person: string; searches: string[] };

let known: Kept | undefined;
const none: string[] = [];
const listeners = new Set<() => void>();

function read(person: string): string[] {
  if (known?.person === person) return known.searches;
  try {
    const kept = JSON.parse(localStorage.getItem(storageKey) ?? '') as Kept;
    known = kept.person === person && Array.isArray(kept.searches) ? kept : { person, searches: none };
  } catch {
    known = { person, searches: none };
  }
  return known.searches;
}

function write(kept: Kept) {
  known = kept;
  try {
    localStorage.setItem(storageKey, JSON.stringify(kept));
  } catch {
    // A full or closed storage: they are known until the page closes.
  }
  for (const listener of listeners) listener();
}

/** The latest first, each once. */
export const withSearch = (searches: string[], q: string): string[] =>
  [q, ...searches.filter((one) => one !== q)].slice(0, most);

export function rememberSearch(person: string, q: string) {
  if (q !== '') write({ person, searches: withSearch(read(person), q) });
}

export function forgetSearches() {
  known = undefined;
  localStorage.removeItem(storageKey);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useSearches = (person: string): string[] => useSyncExternalStore(subscribe, () => read(person));
