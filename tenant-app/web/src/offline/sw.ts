// The service worker: the app's files and its frame without network. Data is not its business (see keep.ts), and it
// never touches signing in, the API or people's files.
import { pathHere, readPush } from './push';
import { handlingOf } from './routes';

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: { url: string }[] };

// The server writes its release here, so a new release is a new worker.
const release = '__RELEASE__';
const cacheName = `atrium-files-${release}`;
const frame = '/directory';
const offlinePage = '/offline.html';
const patienceMs = 4_000;
const away = /^\/(login|auth)(\/|$)/;

const atTop = /^(icons\/|offline\.html$)/;
const needed = self.__WB_MANIFEST.map(({ url }) =>
  atTop.test(url) ? `/${url}` : `/assets/${release}/${url}`,
);

self.addEventListener('install', (event) => event.waitUntil(fill()));

async function fill() {
  const cache = await caches.open(cacheName);
  await cache.addAll(needed);
  await keepFrame(await fetch(frame));
}

/** Keeps the page's frame: not the sign-in, and not the frame of another release, whose files are not kept here. */
async function keepFrame(response: Response) {
  if (!response.ok || response.redirected || response.type !== 'basic') return;
  if (!(await response.clone().text()).includes(`/assets/${release}/`)) return;
  const cache = await caches.open(cacheName);
  await cache.put(frame, response);
}

self.addEventListener('activate', (event) =>
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith('atrium-files-') && name !== cacheName) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  ),
);

self.addEventListener('message', (event) => {
  if (event.data === 'take-over') void self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const handling = handlingOf(event.request, self.location.origin);
  if (handling === 'page') event.respondWith(page(event));
  if (handling === 'file') event.respondWith(file(event.request));
});

/** The network first: it knows whether the session still lives. The kept frame after a while, or without network. */
async function page(event: FetchEvent): Promise<Response> {
  const fromNetwork = fetch(event.request).then((response) => {
    const copy = response.clone();
    event.waitUntil(keepFrame(copy));
    return response;
  });
  const cache = await caches.open(cacheName);
  const kept = await cache.match(frame);
  try {
    return await (kept ? Promise.race([fromNetwork, impatience()]) : fromNetwork);
  } catch {
    return kept ?? (await cache.match(offlinePage)) ?? Response.error();
  }
}

function impatience(): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error('too slow')), patienceMs));
}

/** Files never change under their name, so a kept one is as good as a new one. */
async function file(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}

self.addEventListener('push', (event) => event.waitUntil(show(event.data)));

/** Every push is shown, as browsers demand; one about the same place replaces the one before. */
async function show(data: PushMessageData | null) {
  const { title, text, link, code } = readPush(data?.text() ?? '', self.location.host);
  const path = pathHere(link, self.location.origin);
  await self.registration.showNotification(title, {
    body: text,
    tag: path,
    data: { path },
    icon: '/icons/icon-192.png',
    badge: '/icons/icon-192.png',
  });
  if (code) for (const page of await pages()) page.postMessage({ kind: 'code', code });
  // An open page knows the number better, and sets it as soon as it is looked at.
  const shown = await self.registration.getNotifications();
  await navigator.setAppBadge?.(shown.length).catch(() => undefined);
}

const pages = () => self.clients.matchAll({ type: 'window', includeUncontrolled: true });

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(String(event.notification.data?.path ?? '/')));
});

/** A page that is open goes there; otherwise one is opened. Where somebody signs in is none: nothing listens there. */
async function open(path: string) {
  const page = (await pages()).find(({ url }) => !away.test(new URL(url).pathname));
  if (!page) return void (await self.clients.openWindow(path));
  page.postMessage({ kind: 'open', path });
  await page.focus();
}

self.addEventListener('pushsubscriptionchange', (event) =>
  event.waitUntil(renew(event as PushSubscriptionChangeEvent)),
);

/** The push service wants another subscription; without network the page tells of it at its next start. */
async function renew({ oldSubscription, newSubscription }: PushSubscriptionChangeEvent) {
  const key = oldSubscription?.options.applicationServerKey;
  const subscription =
    newSubscription ??
    (key &&
      (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })));
  if (!subscription) return;
  const { endpoint, keys } = subscription.toJSON();
  await fetch('/api/v1/me/browsers', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
    body: JSON.stringify({ endpoint, keys }),
  });
}
