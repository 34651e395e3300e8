// The address of what chat shows: /chat/<room>?panel=details, ?thread=<message>, ?at=<seq>.
import { useCallback } from 'react';
import { useLocation, useParams, useSearch } from 'wouter';

export type Panel = 'details' | 'search';

export const roomAddress = (
  room: string,
  more: { at?: number; thread?: string; panel?: Panel } = {},
): string => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(more)) if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return `/chat/${room}${text && `?${text}`}`;
};

export function useChatAddress() {
  const room = useParams<{ room?: string }>().room;
  const [, navigate] = useLocation();
  const query = new URLSearchParams(useSearch());
  const panel = query.get('panel');
  const at = Number(query.get('at'));
  const close = useCallback(() => room && navigate(roomAddress(room), { replace: true }), [navigate, room]);
  return {
    room,
    panel: panel === 'details' || panel === 'search' ? (panel as Panel) : undefined,
    thread: query.get('thread') ?? undefined,
    at: at > 0 ? at : undefined,
    close,
  };
}
