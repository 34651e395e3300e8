// What was typed and not sent, for each room, on this device.
import { useSyncExternalStore } from 'react';

const storageKey = 'atrium-drafts';

export type Drafts = Record<string, string>;

function load(): Drafts {
  try {
    return JSON.parse(localStorage.getItem(storageKey) ?? '{}') as Drafts;
  } catch {
    return {};
  }
}

let drafts: Drafts = load();
const listeners = new Set<() => void>();

export const draftOf = (room: string): string => drafts[room] ?? '';

export function keepDraft(room: string, text: string): void {
  if (draftOf(room) === text) return;
  const { [room]: _, ...others } = drafts;
  drafts = text.trim() === '' ? others : { ...others, [room]: text };
  localStorage.setItem(storageKey, JSON.stringify(drafts));
  for (const listener of listeners) listener();
}

/** At sign-out: what was typed is nobody else's business. */
export function forgetDrafts(): void {
  drafts = {};
  localStorage.removeItem(storageKey);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const current = () => drafts;
export const useDrafts = (): Drafts => useSyncExternalStore(subscribe, current);
