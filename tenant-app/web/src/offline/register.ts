// Registers the service worker, and offers a new version instead of springing it on people.
import { notify } from '../ui/notices';
import { announceUpdate } from './update';

const hourMs = 3_600_000;

function offer(worker: ServiceWorker) {
  announceUpdate(() => {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    worker.postMessage('take-over');
  }, notify);
}

function watchInstalling(registration: ServiceWorkerRegistration) {
  const worker = registration.installing;
  worker?.addEventListener('statechange', () => {
    // Without a controller this is the first installation: nothing is replaced.
    if (worker.state === 'installed' && navigator.serviceWorker.controller) offer(worker);
  });
}

/** Works without a service worker too: then there is no offline page, all else is the same. */
export function watchWorker() {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  navigator.serviceWorker
    .register('/sw.js', { updateViaCache: 'none' })
    .then((registration) => {
      if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting);
      registration.addEventListener('updatefound', () => watchInstalling(registration));
      setInterval(() => void registration.update().catch(() => undefined), hourMs);
    })
    .catch(() => undefined);
}
