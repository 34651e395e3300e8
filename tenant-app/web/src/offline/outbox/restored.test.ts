import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Operation } from './model';
import { parkRestored } from './restored';
import { memoryStore, type OutboxStore } from './store';

let store: OutboxStore;

beforeEach(() => {
  store = memoryStore();
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  });
});
afterEach(() => vi.unstubAllGlobals());

const operation = (opId: string, kind: string): Operation => ({
  opId,
  person: 'wang',
  kind,
  version: 1,
  aggregate: opId,
  dependsOn: [],
  baseVersion: 3,
  body: {},
  blobs: [],
});
const open = (dataEpoch: number, person = 'wang') =>
  parkRestored(store, person, dataEpoch, new Set(['chat.read']));
const waiting = async () =>
  (await store.all('wang')).map((e) => [e.opId, e.fate?.parked?.code ?? 'waits'].join(' '));

it('lets what waits go while the data is the same', async () => {
  await open(1);
  await store.add(operation('1', 'chat.post'));
  await open(1);
  expect(await waiting()).toEqual(['1 waits']);
});

it('puts what waits since before a restore to the person, once', async () => {
  await open(1);
  await store.add(operation('1', 'chat.post'));
  await store.add(operation('2', 'chat.read'));
  await open(1_800_000_000);
  expect(await waiting()).toEqual(['1 data_restored']);
  await store.setFate({ opId: '1', tries: 0 }); // tried again by the person
  await store.add(operation('3', 'chat.post'));
  await open(1_800_000_000);
  expect(await waiting()).toEqual(['1 waits', '3 waits']);
});

it('knows nothing of before at the first visit, nor of others', async () => {
  await store.add(operation('1', 'chat.post'));
  await open(7, 'li');
  await open(9);
  expect(await waiting()).toEqual(['1 waits']);
});
