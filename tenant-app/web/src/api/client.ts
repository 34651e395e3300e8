// The one door to the server: typed by openapi.json, with an Idempotency-Key on every change.
import createClient from 'openapi-fetch';
import { early } from './early';
import { answered, keyFor } from './idempotency';
import { ApiError, toApiError } from './problem';
import type { paths } from './schema';

const limitMs = 30_000;

async function fingerprint(request: Request): Promise<string> {
  const body = await request.clone().arrayBuffer();
  const sum = crypto.subtle
    ? new Uint8Array(await crypto.subtle.digest('SHA-256', body)).join('.')
    : body.byteLength;
  return [request.method, request.url, request.headers.get('If-Match'), sum].join(' ');
}

/** fetch, with the key, a time limit, and one more try when the connection broke: the key makes that safe. */
async function send(request: Request, waitMs = limitMs): Promise<Response> {
  // A change that was queued brings the key that it got when the person made it.
  const changes = !['GET', 'HEAD'].includes(request.method) && !request.headers.has('Idempotency-Key');
  const print = changes ? await fingerprint(request) : '';
  if (changes) request.headers.set('Idempotency-Key', keyFor(print));
  const again = request.clone();
  const limited = (r: Request) =>
    fetch(r, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(waitMs)]) });
  let response: Response;
  try {
    response = await (early(request) ?? limited(request)).catch((error) => {
      if (request.signal.aborted || !navigator.onLine) throw error;
      return limited(again);
    });
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new ApiError(0, navigator.onLine ? 'network' : 'offline');
  }
  if (changes && response.status < 500) answered(print);
  return response;
}

export const api = createClient<paths>({ fetch: (request) => send(request), bodySerializer: serialize });

function serialize(body: unknown): BodyInit {
  return body instanceof Blob ? body : JSON.stringify(body);
}

type Reply<T> = { data?: T; error?: unknown; response: Response };

/** The body of a reply, or an ApiError. */
export async function take<T>(pending: Promise<Reply<T>>): Promise<T> {
  const { data, error, response } = await pending;
  if (response.ok) return data as T;
  throw toApiError(response.status, error, response.headers.get('X-Request-Id') ?? '');
}

/** Reads below /api/v1. */
export async function read<T>(
  path: string,
  query: Record<string, string | number | boolean> = {},
): Promise<T> {
  const url = new URL(`/api/v1${path}`, location.origin);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return answerOf<T>(await send(new Request(url)));
}

export type Queued = {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: unknown;
  key: string;
};

/** Sends a change whose key was chosen before, perhaps in an earlier life of the page. Path: below /api/v1. */
export async function sendQueued<T>(
  { method, path, body, key }: Queued,
  headers: HeadersInit = {},
): Promise<T> {
  const response = await send(
    new Request(new URL(`/api/v1${path}`, location.origin), {
      method,
      headers: {
        'Idempotency-Key': key,
        'Content-Type': 'application/json',
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  return answerOf<T>(response);
}

const partLimitMs = 5 * 60_000;

/** Sends a part of a file, which may take a phone minutes. Path: from the top of the site. */
export async function sendPart<T>(path: string, part: Blob): Promise<T> {
  const request = new Request(new URL(path, location.origin), { method: 'PUT', body: part });
  return answerOf<T>(await send(request, partLimitMs));
}

async function answerOf<T>(response: Response): Promise<T> {
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer as T;
  throw toApiError(response.status, answer, response.headers.get('X-Request-Id') ?? '');
}

/** If-Match for the version of an object that the person saw. */
export const ifMatch = (revision: number): string => `"${revision}"`;
