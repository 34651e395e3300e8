// The queue of what this person did and the server does not know yet. It is filled at once, also without network, and
// replayed by one tab when the network returns, when the page starts and when it becomes visible.
import { useSyncExternalStore } from 'react';
import { newId } from '../../api/id';
import { pauseAfter } from '../pause';
import { type Entry, isParked, type Operation } from './model';
import { replay } from './replay';
import { parkRestored } from './restored';
import { senderOf } from './senders';
import { type OutboxStore, openStore } from './store';

export type { Entry, Operation, OutboxBlob } from './model';
export { blobOf, isParked } from './model';

const lockName = 'atrium-outbox';
const channelName = 'atrium-outbox-sent';

/** Kinds that nobody needs to hear of while they wait. */
const quiet = new Set(['chat.read']);

export type Sent = { kind: string; opId: string; body: unknown; answer: unknown };

let person: string | undefined;
let store: Promise<OutboxStore> | undefined;
let stopWatching: (() => void) | undefined;
let entries: readonly Entry[] = [];
let adding: readonly Entry[] = [];
let shown: readonly Entry[] = [];
let failures = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let running = false;
let again = false;

const listeners = new Set<() => void>();
const sentListeners = new Set<(sent: Sent) => void>();
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(channelName) : undefined;
channel?.addEventListener('message', (event: MessageEvent<Sent>) => tellSent(event.data));

function show() {
  const stored = new Set(entries.map((e) => e.opId));
  shown = [...entries, ...adding.filter((e) => !stored.has(e.opId))];
  for (const listener of listeners) listener();
}

function tellSent(sent: Sent) {
  for (const listener of sentListeners) listener(sent);
}

/** From now on this person's operations are shown and sent. Called with whoever is signed in, and the data epoch. */
export async function openOutbox(who: string, dataEpoch: number): Promise<void> {
  if (person === who) return;
  if (!person) watchPage();
  person = who;
  stopWatching?.();
  store ??= openStore();
  const opened = await store;
  await parkRestored(opened, who, dataEpoch, quiet);
  stopWatching = opened.watch(who, (found) => {
    entries = found;
    show();
  });
  entries = await opened.all(who);
  show();
  drain();
}

/** The network returns, or the page is looked at again: there may be something to send. */
function watchPage() {
  addEventListener('online', drain);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') drain();
  });
}

type New = Pick<Operation, 'kind' | 'version' | 'aggregate' | 'body'> & Partial<Operation>;

/** Queues a change and sends it as soon as possible. With latest, it takes the place of one like it that still waits. */
export async function enqueue(wanted: New, { latest = false } = {}): Promise<string> {
  if (!person) throw new Error('nobody is signed in');
  const operation: Operation = {
    dependsOn: [],
    baseVersion: 0,
    blobs: [],
    ...wanted,
    person,
    opId: wanted.opId ?? newId(),
  };
  const replaced = latest
    ? shown.find((e) => e.kind === operation.kind && e.aggregate === operation.aggregate)?.opId
    : undefined;
  adding = [...adding.filter((e) => e.opId !== replaced), { ...operation, fate: undefined }];
  show();
  store ??= openStore();
  const opened = await store;
  await opened.add(operation, replaced);
  entries = await opened.all(operation.person);
  adding = adding.filter((e) => e.opId !== operation.opId);
  show();
  drain();
  return operation.opId;
}

/** Tries again what was refused. */
export async function tryAgain(opId: string): Promise<void> {
  await (await store)?.setFate({ opId, tries: 0 });
  await reread();
  drain();
}

/** Gives up operations that were not sent. */
export async function discard(opIds: string[]): Promise<void> {
  await (await store)?.remove(opIds);
  await reread();
  drain();
}

async function reread() {
  const opened = await store;
  if (!opened || !person) return;
  entries = await opened.all(person);
  show();
}

/** At sign-out: nothing of the person stays on the device. They were asked about what was not sent. */
export const clearOutbox = (): Promise<void> => discard(shown.map((e) => e.opId));

/** Sends what can be sent. Safe to call at any time, from any tab. */
export function drain(): void {
  clearTimeout(timer);
  if (running) {
    again = true;
    return;
  }
  if (!person || !store || !navigator.onLine) return;
  running = true;
  void round(person, store).finally(() => {
    running = false;
    if (again) {
      again = false;
      drain();
    }
  });
}

async function round(who: string, opening: Promise<OutboxStore>) {
  const opened = await opening;
  if ((await opened.all(who)).length === 0) return;
  let came = 0;
  const told = (entry: Entry, answer: unknown) => {
    came += 1;
    sent(entry, answer);
  };
  const outcome = await alone(() => replay({ store: opened, person: who, senderOf, sent: told }));
  await reread();
  // Where something came through, the network is bad and not gone: the pause begins anew.
  failures = outcome === 'unreachable' ? (came > 0 ? 1 : failures + 1) : 0;
  if (outcome === 'unreachable') timer = setTimeout(drain, pauseAfter(failures));
}

function sent(entry: Entry, answer: unknown) {
  const message: Sent = { kind: entry.kind, opId: entry.opId, body: entry.body, answer };
  tellSent(message);
  channel?.postMessage(message);
}

/** One tab at a time, where the browser can keep tabs apart; the server takes a repeated operation as one anyway. */
async function alone<T>(act: () => Promise<T>): Promise<T> {
  return 'locks' in navigator ? await navigator.locks.request(lockName, act) : await act();
}

/** Calls when an operation reached the server, from this tab or another. */
export function onSent(listener: (sent: Sent) => void): () => void {
  sentListeners.add(listener);
  return () => sentListeners.delete(listener);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const current = () => shown;

/** What waits, in the order in which it was made. */
export const useOutbox = (): readonly Entry[] => useSyncExternalStore(subscribe, current);

/** What a person should know of: how much waits, and whether something of it was refused. */
export function useUnsent(): { waiting: number; refused: number } {
  const known = useOutbox().filter((e) => !quiet.has(e.kind));
  const refused = known.filter(isParked).length;
  return { waiting: known.length, refused };
}
