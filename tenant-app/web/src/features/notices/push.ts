// This browser as one that takes messages while the page is closed.
import { api, take } from '../../api/client';
import { keyBytes, sameKey } from './support';

const storageKey = 'atrium-push';

let told = '';

/** The registration of the service worker; none while developing, and where there are no workers. */
const registration = async () => navigator.serviceWorker?.getRegistration();

export async function currentSubscription(): Promise<PushSubscription | null> {
  return (await registration())?.pushManager?.getSubscription() ?? null;
}

const tell = (subscription: PushSubscription) => {
  const { endpoint = '', keys = {} } = subscription.toJSON();
  return take(
    api.POST('/api/v1/me/browsers', {
      body: { endpoint, keys: { p256dh: keys.p256dh ?? '', auth: keys.auth ?? '' } },
    }),
  );
};

/** Asks the person, then the browser's push service, then tells the server. Only at a click. */
export async function subscribe(person: string, pushKey: string): Promise<'on' | 'denied' | 'unreachable'> {
  if ((await Notification.requestPermission()) !== 'granted') return 'denied';
  const key = keyBytes(pushKey);
  let subscription = await currentSubscription();
  if (subscription && !sameKey(subscription.options.applicationServerKey, key)) {
    // Made for keys that the company has no more.
    await subscription.unsubscribe();
    subscription = null;
  }
  try {
    subscription ??=
      (await (
        await registration()
      )?.pushManager.subscribe({
        userVisibleOnly: true,
        applicationServerKey: key,
      })) ?? null;
  } catch {
    subscription = null; // its push service does not answer: most Android phones in mainland China
  }
  if (!subscription) return 'unreachable';
  await tell(subscription);
  localStorage.setItem(storageKey, person);
  return 'on';
}

/** This browser takes no messages any more. */
export async function unsubscribe(): Promise<void> {
  const subscription = await currentSubscription();
  localStorage.removeItem(storageKey);
  if (!subscription) return;
  await take(api.DELETE('/api/v1/me/browsers', { body: { endpoint: subscription.endpoint } }));
  await subscription.unsubscribe();
}

/** At sign-out: the server forgets the browser with the session. */
export async function dropSubscription(): Promise<void> {
  localStorage.removeItem(storageKey);
  await (await currentSubscription())?.unsubscribe();
}

/** At the start of the page: what the browser renewed meanwhile is told; who signed in since is not called here. */
export async function renew(person: string): Promise<void> {
  const owner = localStorage.getItem(storageKey);
  if (!owner) return;
  if (owner !== person) return dropSubscription();
  const subscription = await currentSubscription();
  if (!subscription || subscription.endpoint === told) return;
  await tell(subscription);
  told = subscription.endpoint;
}
