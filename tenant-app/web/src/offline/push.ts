// What the server pushes, and where a notice leads. Pure, so that it can be tested without a browser.

export type Pushed = { title: string; text: string; link: string; code?: string };

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Reads what was pushed; of what cannot be read, or comes from a later release, is said what there is. */
export function readPush(raw: string, fallback: string): Pushed {
  let read: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(raw);
    if (typeof parsed === 'object' && parsed !== null) read = parsed as Record<string, unknown>;
  } catch {
    // Shown without a text.
  }
  const code = text(read.code);
  return {
    title: text(read.title) || fallback,
    text: text(read.text),
    link: text(read.link),
    ...(code ? { code } : {}),
  };
}

/** The place of this site that a link names: never another site. */
export function pathHere(link: string, origin: string): string {
  try {
    const url = new URL(link, origin);
    return url.origin === origin ? url.pathname + url.search : '/';
  } catch {
    return '/';
  }
}
