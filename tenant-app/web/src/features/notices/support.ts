// Whether a browser can take messages while the page is closed, and if not, what a person can do about it.

export type Facts = {
  userAgent: string;
  /** Opened from its icon, not inside the browser. */
  installed: boolean;
  worker: boolean;
  push: boolean;
  permission: NotificationPermission | undefined;
};

/** ready: can be asked; iphone: has to be installed first; none: never; denied: only its settings help. */
export type Support = 'ready' | 'denied' | 'iphone' | 'none';

export function supportOf({ userAgent, installed, worker, push, permission }: Facts): Support {
  // iPadOS calls itself a Macintosh with fingers; where push is there nothing has to be guessed.
  if (/iPhone|iPad/.test(userAgent) && !installed) return 'iphone';
  if (!worker || !push || permission === undefined) return 'none';
  return permission === 'denied' ? 'denied' : 'ready';
}

export const factsHere = (): Facts => ({
  userAgent: navigator.userAgent,
  installed: matchMedia('(display-mode: standalone)').matches,
  worker: 'serviceWorker' in navigator,
  push: 'PushManager' in globalThis,
  permission: 'Notification' in globalThis ? Notification.permission : undefined,
});

/** base64url of a key, as subscriptions want it. */
export function keyBytes(key: string): Uint8Array<ArrayBuffer> {
  const text = atob(key.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

export function sameKey(one: ArrayBuffer | null | undefined, other: Uint8Array): boolean {
  const bytes = one ? new Uint8Array(one) : undefined;
  return bytes?.length === other.length && bytes.every((byte, i) => byte === other[i]);
}
