// Which requests the service worker answers. Pure, so that it can be tested without a browser.
export type Handling = 'pass' | 'page' | 'file';

const never = /^\/(login|auth|api|files)(\/|$)|^\/(sw|sw-off)\.js$/;
const files = /^\/(assets|icons)\//;

/** What to do with a request of this site; anything personal or changing passes untouched. */
export function handlingOf(request: { method: string; mode: string; url: string }, origin: string): Handling {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== origin || never.test(url.pathname)) return 'pass';
  if (files.test(url.pathname)) return 'file';
  return request.mode === 'navigate' ? 'page' : 'pass';
}
