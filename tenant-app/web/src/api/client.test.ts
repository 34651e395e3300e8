import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { api, ifMatch, take } from './client';
import { ApiError } from './problem';

type Seen = { method: string; key: string | null; match: string | null; body: string };

let seen: Seen[];
let replies: (() => Response | Promise<Response>)[];

beforeEach(() => {
  seen = [];
  replies = [];
  vi.stubGlobal('navigator', { onLine: true });
  // The network is the one thing that this file replaces.
  vi.stubGlobal('fetch', async (request: Request) => {
    seen.push({
      method: request.method,
      key: request.headers.get('Idempotency-Key'),
      match: request.headers.get('If-Match'),
      body: await request.clone().text(),
    });
    const reply = replies.shift();
    if (!reply) throw new Error('no reply left');
    return reply();
  });
});
afterEach(() => vi.unstubAllGlobals());

const json = (status: number, body: unknown) => () =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
const lost = () => Promise.reject(new TypeError('connection lost'));

const rename = (name: string) =>
  take(
    api.PATCH('/api/v1/departments/{id}', {
      baseUrl: 'http://localhost',
      params: { path: { id: 'd1' }, header: { 'If-Match': ifMatch(7) } },
      body: { name },
    }),
  );

describe('the client', () => {
  it('sends a key and the version with a change', async () => {
    replies = [json(200, { id: 'd1' })];
    await rename('研发中心');
    expect(seen).toHaveLength(1);
    expect(seen[0]?.key).toMatch(/^[0-9a-f]{32}$/);
    expect(seen[0]?.match).toBe('"7"');
    expect(seen[0]?.body).toBe('{"name":"研发中心"}');
  });

  it('tries once more with the same key when the connection broke', async () => {
    replies = [lost, json(200, { id: 'd1' })];
    await rename('市场部');
    expect(seen.map((s) => s.body)).toEqual(['{"name":"市场部"}', '{"name":"市场部"}']);
    expect(seen[1]?.key).toBe(seen[0]?.key);
  });

  it('keeps the key for the next press when no reply came at all', async () => {
    replies = [lost, lost, json(200, { id: 'd1' })];
    await expect(rename('财务部')).rejects.toMatchObject({ status: 0, code: 'network' });
    await rename('财务部');
    expect(seen[2]?.key).toBe(seen[0]?.key);
  });

  it('takes a new key after a refusal', async () => {
    replies = [json(409, { code: 'department_name_taken' }), json(200, { id: 'd1' })];
    await expect(rename('法务部')).rejects.toBeInstanceOf(ApiError);
    await rename('法务部');
    expect(seen[1]?.key).not.toBe(seen[0]?.key);
  });

  it('sends no key with what only reads', async () => {
    replies = [json(200, { items: [] })];
    await take(api.GET('/api/v1/positions', { baseUrl: 'http://localhost' }));
    expect(seen[0]?.key).toBeNull();
  });

  it('says offline when the device knows that it is', async () => {
    vi.stubGlobal('navigator', { onLine: false });
    replies = [lost];
    await expect(rename('行政部')).rejects.toMatchObject({ status: 0, code: 'offline' });
    expect(seen).toHaveLength(1);
  });
});
