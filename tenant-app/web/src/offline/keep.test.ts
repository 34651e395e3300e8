import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

// Cache storage of the browser, in memory.
function memory() {
  const boxes = new Map<string, Map<string, string>>();
  return {
    open: async (name: string) => {
      const box = boxes.get(name) ?? new Map<string, string>();
      boxes.set(name, box);
      return {
        match: async (key: string) => (box.has(key) ? new Response(box.get(key)) : undefined),
        put: async (key: string, response: Response) => void box.set(key, await response.text()),
      };
    },
    delete: async (name: string) => boxes.delete(name),
  };
}

const keep = { meta: { keep: true }, networkMode: 'always' as const, retry: false };

async function load(client: QueryClient, key: string, value: unknown) {
  await client.fetchQuery({ queryKey: [key], queryFn: () => Promise.resolve(value), ...keep });
}

/** The module as a page that has just been opened has it. */
async function freshPage() {
  vi.resetModules();
  return { client: new QueryClient(), ...(await import('./keep')) };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('caches', memory());
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function visit(personId: string, dataEpoch = 1) {
  const page = await freshPage();
  await load(page.client, 'me', { personId });
  await page.bindTo(page.client, personId, dataEpoch);
  await load(page.client, 'tree', ['研发中心']);
  await page.client.fetchQuery({ queryKey: ['sessions'], queryFn: () => Promise.resolve(['secret']) });
  await vi.advanceTimersByTimeAsync(1_000);
  return page;
}

it('gives back what was read, also when the network then fails', async () => {
  await visit('wang');
  const { client, restore } = await freshPage();
  await restore(client);
  const observer = new QueryObserver(client, {
    queryKey: ['tree'],
    queryFn: () => Promise.reject(new Error('offline')),
    ...keep,
  });
  const stop = observer.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(0);
  expect(observer.getCurrentResult()).toMatchObject({ data: ['研发中心'], status: 'error' });
  stop();
});

it('reads again what it gave back', async () => {
  await visit('wang');
  const { client, restore } = await freshPage();
  await restore(client);
  await client.prefetchQuery({
    queryKey: ['tree'],
    queryFn: () => Promise.resolve(['新部门']),
    staleTime: 30_000,
  });
  expect(client.getQueryData(['tree'])).toEqual(['新部门']);
});

it('keeps only what is meant to be kept', async () => {
  await visit('wang');
  const { client, restore } = await freshPage();
  await restore(client);
  expect(client.getQueryData(['sessions'])).toBeUndefined();
});

it('drops it for anybody else, and after a restore of the data', async () => {
  for (const [person, epoch] of [
    ['li', 1],
    ['wang', 2],
  ] as const) {
    await visit('wang');
    const { client, restore, bindTo } = await freshPage();
    await restore(client);
    await bindTo(client, person, epoch);
    expect(client.getQueryData(['tree'])).toBeUndefined();
    const later = await freshPage();
    await later.restore(later.client);
    expect(later.client.getQueryData(['tree'])).toBeUndefined();
  }
});

it('reads again what an open page shows, once another tab signed in after a restore', async () => {
  const open = await visit('wang');
  await visit('wang', 2);
  const fresh = vi.fn(() => Promise.resolve(['新部门']));
  const stop = new QueryObserver(open.client, {
    queryKey: ['tree'],
    queryFn: fresh,
    staleTime: Number.POSITIVE_INFINITY,
    ...keep,
  }).subscribe(() => {});
  expect(fresh).not.toHaveBeenCalled();
  await open.bindTo(open.client, 'wang', 2);
  expect(open.client.getQueryData(['tree'])).toEqual(['新部门']);
  stop();
});

it('forgets after two weeks, and when told to', async () => {
  const { forget } = await visit('wang');
  vi.setSystemTime(Date.now() + 15 * 24 * 3_600_000);
  const late = await freshPage();
  await late.restore(late.client);
  expect(late.client.getQueryData(['tree'])).toBeUndefined();
  await visit('wang');
  await forget();
  const later = await freshPage();
  await later.restore(later.client);
  expect(later.client.getQueryData(['tree'])).toBeUndefined();
});
