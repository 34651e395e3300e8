// The one door to the server: typed by openapi.json, with an Idempotency-Key on every change.
import createClient from 'openapi-fetch';
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
async function send(request: Request): Promise<Response> {
  const changes = !['GET', 'HEAD'].includes(request.method);
  const print = changes ? await fingerprint(request) : '';
  if (changes) request.headers.set('Idempotency-Key', keyFor(print));
  const again = request.clone();
  const limited = (r: Request) =>
    fetch(r, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(limitMs)]) });
  let response: Response;
  try {
    response = await limited(request).catch((error) => {
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

export const api = createClient<paths>({ fetch: send, bodySerializer: serialize });

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

/** If-Match for the version of an object that the person saw. */
export const ifMatch = (revision: number): string => `"${revision}"`;
