// What goes wrong between page and server, as one kind of error that can be shown.
import type { Key, Translate } from '../i18n';
import { hasKey } from '../i18n/keys';

export type Params = Record<string, unknown>;
export type FieldProblem = { field: string; code: string; params?: Params };

/** A refusal by the server (problem+json), or a failure to reach it (status 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly params: Params;
  readonly fields: FieldProblem[];
  readonly requestId: string;

  constructor(
    status: number,
    code: string,
    details: Partial<Pick<ApiError, 'params' | 'fields' | 'requestId'>> = {},
  ) {
    super(`${status} ${code}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.params = details.params ?? {};
    this.fields = details.fields ?? [];
    this.requestId = details.requestId ?? '';
  }
}

/** Reads the body of a refusal; anything unexpected becomes a code by status. */
export function toApiError(status: number, body: unknown, requestId = ''): ApiError {
  const b = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  return new ApiError(status, typeof b.code === 'string' && b.code !== '' ? b.code : `http_${status}`, {
    params: (b.params as Params) ?? {},
    fields: Array.isArray(b.errors) ? (b.errors as FieldProblem[]) : [],
    requestId: typeof b.requestId === 'string' ? b.requestId : requestId,
  });
}

const byStatus: Record<number, Key> = {
  0: 'error.network',
  401: 'error.not_signed_in',
  403: 'error.forbidden',
  404: 'error.not_found',
  409: 'error.conflict',
  412: 'error.version_stale',
  413: 'error.too_large',
  422: 'error.invalid',
  429: 'error.too_many',
  502: 'error.unavailable',
  503: 'error.unavailable',
  504: 'error.unavailable',
};

function messageFor(code: string, status: number): Key {
  const key = `error.${code}`;
  if (hasKey(key)) return key;
  return byStatus[status] ?? 'error.unexpected';
}

/** The sentence for a person. */
export function explain(error: unknown, t: Translate): string {
  if (!(error instanceof ApiError)) return t('error.unexpected');
  return t(messageFor(error.code, error.status), error.params);
}

/** Messages by input (name, phone, …) for those faults that an input of the form can show. */
export function fieldMessages(error: unknown, t: Translate): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  return Object.fromEntries(
    error.fields.map((f) => [f.field.replace(/^body\./, ''), t(messageFor(f.code, 422), f.params ?? {})]),
  );
}

export const isStale = (error: unknown): boolean => error instanceof ApiError && error.status === 412;
export const isUnreachable = (error: unknown): boolean => error instanceof ApiError && error.status === 0;
