import { beforeEach, expect, it } from 'vitest';
import { ApiError } from '../../api/problem';
import type { Entry, Operation } from './model';
import { replay } from './replay';
import { memoryStore, type OutboxStore } from './store';

let store: OutboxStore;
let log: string[];
let refuse: Record<string, ApiError | Error>;

beforeEach(() => {
  store = memoryStore();
  log = [];
  refuse = {};
});

const operation = (opId: string, aggregate: string, more: Partial<Operation> = {}): Operation => ({
  opId,
  person: 'wang',
  kind: 'chat.post',
  version: 1,
  aggregate,
  dependsOn: [],
  baseVersion: 0,
  body: {},
  blobs: [],
  ...more,
});

async function queue(...operations: Operation[]) {
  for (const o of operations) await store.add(o);
}

const sender = {
  versions: [1],
  send: async (o: Operation) => {
    log.push(o.opId);
    await Promise.resolve();
    const error = refuse[o.opId];
    if (error) throw error;
    return { id: o.opId };
  },
};

const run = () =>
  replay({
    store,
    person: 'wang',
    senderOf: async (e: Entry) => (sender.versions.includes(e.version) ? sender : undefined),
    sent: (e, answer) => log.push(`${e.opId} → ${(answer as { id: string }).id}`),
  });
const left = async () => (await store.all('wang')).map((e) => e.opId);

it('sends all, those of one aggregate in order, and keeps nothing', async () => {
  await queue(operation('1', 'a'), operation('2', 'a'), operation('3', 'b'), operation('4', 'a'));
  expect(await run()).toBe('done');
  expect(log.filter((l) => !l.includes('→') && l !== '3')).toEqual(['1', '2', '4']);
  expect(log.filter((l) => l.includes('→')).sort()).toEqual(['1 → 1', '2 → 2', '3 → 3', '4 → 4']);
  expect(await left()).toEqual([]);
});

it('keeps everything while the server cannot be reached, and then sends it once', async () => {
  await queue(operation('1', 'a'), operation('2', 'a'));
  refuse = { 1: new ApiError(0, 'offline') };
  expect(await run()).toBe('unreachable');
  expect(await left()).toEqual(['1', '2']);
  refuse = {};
  expect(await run()).toBe('done');
  expect(log.filter((l) => l.includes('→'))).toEqual(['1 → 1', '2 → 2']);
  expect(await run()).toBe('done');
  expect(log.filter((l) => l.includes('→'))).toHaveLength(2);
});

it.each([429, 500, 503])('tries again later after %i', async (status) => {
  await queue(operation('1', 'a'));
  refuse = { 1: new ApiError(status, 'x') };
  expect(await run()).toBe('unreachable');
  expect((await store.all('wang'))[0]?.fate?.parked).toBeUndefined();
});

it('stops when the person is signed out', async () => {
  await queue(operation('1', 'a'), operation('2', 'a'));
  refuse = { 1: new ApiError(401, 'session_ended') };
  expect(await run()).toBe('signed-out');
  expect(await left()).toEqual(['1', '2']);
});

it.each([400, 403, 404, 409, 412, 422])(
  'parks the aggregate after %i and goes on with others',
  async (status) => {
    await queue(operation('1', 'a'), operation('2', 'a'), operation('3', 'b'));
    refuse = { 1: new ApiError(status, 'refused', { params: { max: 9 } }) };
    expect(await run()).toBe('done');
    expect(await left()).toEqual(['1', '2']);
    const [first] = await store.all('wang');
    expect(first?.fate).toEqual({
      opId: '1',
      tries: 1,
      parked: { status, code: 'refused', params: { max: 9 } },
    });
    expect(await run()).toBe('done');
    expect(log.filter((l) => l === '1')).toHaveLength(1);
  },
);

it('leaves alone what a newer page made, and what somebody else made', async () => {
  await queue(
    operation('1', 'a', { version: 2 }),
    operation('2', 'a'),
    operation('3', 'b', { person: 'li' }),
  );
  expect(await run()).toBe('done');
  expect(log).toEqual([]);
});

it('is not blocked by a mistake of its own', async () => {
  await queue(operation('1', 'a'), operation('2', 'b'));
  refuse = { 1: new TypeError('oops') };
  expect(await run()).toBe('done');
  expect(await left()).toEqual(['1']);
});

it('takes what is added while it runs', async () => {
  await queue(operation('1', 'a'));
  const running = run();
  await queue(operation('2', 'a'), operation('3', 'c'));
  await running;
  expect(await left()).toEqual([]);
});
