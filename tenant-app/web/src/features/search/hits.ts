// Where a hit leads to, and what its sign is.
import type { IconName } from '../../ui/Icon';
import { roomAddress } from '../chat/address';
import type { Hit, Kind, Part } from './queries';

export const searchAddress = (q: string, kind: Kind = ''): string => {
  const query = new URLSearchParams({ ...(q ? { q } : {}), ...(kind ? { kind } : {}) }).toString();
  return `/search${query && `?${query}`}`;
};

export const personAddress = (id: string): string => `/directory?person=${id}`;

const roomOf = (hit: Hit): string | undefined =>
  hit.in.find((container) => container.startsWith('room:'))?.slice('room:'.length);

/** The very place; nothing for a kind that this release of the page does not know. */
export function hrefOf(hit: Hit): string | undefined {
  if (hit.kind === 'approval') return `/work/mine/${hit.ref}`;
  if (hit.kind === 'suggestion') return `/work/suggestions/${hit.ref}`;
  const room = roomOf(hit);
  if ((hit.kind !== 'message' && hit.kind !== 'file') || !room) return undefined;
  if (hit.thread) return roomAddress(room, { thread: hit.thread });
  return roomAddress(room, hit.seq ? { at: hit.seq } : {});
}

const signs: Record<string, IconName> = {
  message: 'chat',
  file: 'file',
  approval: 'receipt',
  suggestion: 'mail',
};

export const signOf = (hit: Hit): IconName => signs[hit.kind] ?? 'search';

/** Names of several files, and lines of a form, stand in one line. */
export const inOneLine = (parts: Part[]): Part[] =>
  parts.map((part) => ({ ...part, text: part.text.replaceAll('\n', ' · ') }));
