// What the page reads of approvals.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, take } from '../../api/client';
import type { Approvers, Values } from './model';

const keep = { keep: true };
const pageSize = 30;

export type Box = 'mine' | 'decided' | 'cc';

export const formsQuery = queryOptions({
  queryKey: ['approval', 'forms'],
  queryFn: () => take(api.GET('/api/v1/approval-forms')),
  staleTime: 300_000,
  meta: keep,
});

/** A form's fields; version 0 is the newest. */
export const sheetQuery = (key: string, version = 0) =>
  queryOptions({
    queryKey: ['approval', 'form', key, version],
    queryFn: () =>
      take(
        api.GET('/api/v1/approval-forms/{key}', {
          params: { path: { key }, query: version ? { version } : {} },
        }),
      ),
    staleTime: version ? Number.POSITIVE_INFINITY : 300_000,
    meta: keep,
  });

export const boxQuery = (box: Box) =>
  infiniteQueryOptions({
    queryKey: ['approval', 'box', box],
    queryFn: ({ pageParam, signal }) =>
      take(
        api.GET('/api/v1/approvals', {
          params: { query: { box, limit: pageSize, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    meta: keep,
  });

export const approvalKey = (id: string) => ['approval', 'one', id] as const;

export const approvalQuery = (id: string) =>
  queryOptions({
    queryKey: approvalKey(id),
    queryFn: () => take(api.GET('/api/v1/approvals/{id}', { params: { path: { id } } })),
    meta: keep,
  });

export type Asked = { form: string; version: number; values: Values; approvers: Approvers };

/** Computed fields, faults so far, and who would decide. */
export const previewQuery = (asked: Asked) =>
  queryOptions({
    queryKey: ['approval', 'preview', asked],
    queryFn: () => take(api.POST('/api/v1/approvals/preview', { body: asked })),
    placeholderData: (before) => before,
    gcTime: 60_000,
  });

export const phrasesQuery = queryOptions({
  queryKey: ['approval', 'phrases'],
  queryFn: () => take(api.GET('/api/v1/approval-phrases')),
  staleTime: 300_000,
  meta: keep,
});

export const draftsQuery = queryOptions({
  queryKey: ['approval', 'drafts'],
  queryFn: () => take(api.GET('/api/v1/approval-drafts')),
});

export const keepDraft = (id: string, form: string, values: Values) =>
  take(
    api.PUT('/api/v1/approval-drafts/{id}', {
      params: { path: { id } },
      body: { form, values },
    }),
  );

export const dropDraft = (id: string) =>
  take(api.DELETE('/api/v1/approval-drafts/{id}', { params: { path: { id } } }));

export const delegationQuery = queryOptions({
  queryKey: ['approval', 'delegation'],
  queryFn: () => take(api.GET('/api/v1/me/delegation')),
});

/** Without a delegate: nobody any more. Days are 2026-12-01, the last one included. */
export const setDelegation = (body: { delegateId?: string; from?: string; to?: string }) =>
  take(api.PUT('/api/v1/me/delegation', { body }));

/** What the server knows of a file that this person uploaded. */
export const fileQuery = (id: string) =>
  queryOptions({
    queryKey: ['approval', 'file', id],
    queryFn: () => take(api.GET('/api/v1/files/{id}', { params: { path: { id } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
