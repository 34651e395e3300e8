// The files of the exchange: template, import, failed rows, export.
import { api } from '../../api/client';
import { fileName, saveAs } from '../../api/download';
import { toApiError } from '../../api/problem';
import type { ImportReport } from '../../api/types';

export type Format = 'xlsx' | 'csv';

type BlobReply = { data?: unknown; error?: unknown; response: Response };

async function save(pending: Promise<BlobReply>) {
  const { data, error, response } = await pending;
  if (!response.ok) throw toApiError(response.status, error);
  saveAs(data as Blob, fileName(response.headers.get('Content-Disposition')) ?? 'people.xlsx');
}

const blob = { parseAs: 'blob' } as const;
// The description says string for binary bodies; the client sends a Blob as it is.
const upload = (file: Blob, makeMissing: boolean) => ({
  params: { query: { makeMissing } },
  body: file as unknown as string,
  headers: { 'Content-Type': 'application/octet-stream' },
});

export const saveTemplate = (format: Format) =>
  save(api.GET('/api/v1/people/import/template', { params: { query: { format } }, ...blob }));

export const saveExport = (format: Format) =>
  save(api.GET('/api/v1/people/export', { params: { query: { format } }, ...blob }));

export const saveConsents = (format: Format) =>
  save(api.GET('/api/v1/consents/export', { params: { query: { format } }, ...blob }));

export const saveFailures = (file: Blob, makeMissing: boolean) =>
  save(api.POST('/api/v1/people/import/failures', { ...upload(file, makeMissing), ...blob }));

/** A dry run, or the import itself. */
export async function importPeople(file: Blob, makeMissing: boolean, commit: boolean): Promise<ImportReport> {
  const { data, error, response } = commit
    ? await api.POST('/api/v1/people/import', upload(file, makeMissing))
    : await api.POST('/api/v1/people/import/check', upload(file, makeMissing));
  if (!data) throw toApiError(response.status, error, response.headers.get('X-Request-Id') ?? '');
  return data;
}
