import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { askEarly, early } from './early';

const origin = 'http://acme.test';
const request = (method = 'GET') => new Request(`${origin}/api/v1/me`, { method });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('location', { origin });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('an early answer is given once, and to nobody who changes something', async () => {
  const asks = vi.fn(async () => new Response('here'));
  vi.stubGlobal('fetch', asks);
  askEarly('/api/v1/me');
  expect(early(request('POST'))).toBeUndefined();
  expect(await (await early(request()))?.text()).toBe('here');
  expect(early(request())).toBeUndefined();
  expect(asks).toHaveBeenCalledTimes(1);
});

test('an answer that nobody came for is old soon, and one that failed is none', async () => {
  vi.stubGlobal('fetch', async () => new Response('old'));
  askEarly('/api/v1/me');
  vi.advanceTimersByTime(10_001);
  expect(early(request())).toBeUndefined();
  vi.stubGlobal('fetch', () => Promise.reject(new Error('no network')));
  askEarly('/api/v1/me');
  await vi.advanceTimersByTimeAsync(1);
  expect(early(request())).toBeUndefined();
});
