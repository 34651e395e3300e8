// What waits for this person, and how it stays as new as the server's.
import { infiniteQueryOptions, type QueryClient, queryOptions, useQuery } from '@tanstack/react-query';
import { api, take } from '../../api/client';
import type { Schemas } from '../../api/types';
import { onLive, useCalmRate } from '../../live/client';
import { onSent } from '../../offline/outbox';

export type Entry = Schemas['Entry'];
export type Kind = 'approval' | 'approval_returned' | 'approval_copy' | 'suggestion';

const keep = { keep: true };
const pageSize = 50;
const calmMs = 20_000;

export const todoQuery = (kind?: Kind) =>
  infiniteQueryOptions({
    queryKey: ['todo', 'list', kind ?? ''],
    queryFn: ({ pageParam, signal }) =>
      take(
        api.GET('/api/v1/todo', {
          params: {
            query: {
              limit: pageSize,
              ...(kind ? { kind } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    meta: keep,
  });

const countsQuery = queryOptions({
  queryKey: ['todo', 'counts'],
  queryFn: async () => (await take(api.GET('/api/v1/todo', { params: { query: { limit: 1 } } }))).counts,
  meta: keep,
});

/** How much waits, by kind. */
export function useTodoCounts(): Record<string, number> {
  const { data } = useQuery({ ...countsQuery, refetchInterval: useCalmRate(calmMs) });
  return data ?? {};
}

/** Takes copies out of the list: those of ids, or all. */
export const readCopies = (which: { ids: string[] } | { all: true }) =>
  take(api.POST('/api/v1/todo/read', { body: which }));

export const teamQuery = queryOptions({
  queryKey: ['todo', 'team'],
  queryFn: () => take(api.GET('/api/v1/todo/team')),
});

const touches = (kind: string) => /^(todo|approval|suggestion|desk)/.test(kind);
const stale = new Set(['one', 'box', 'drafts']);

/** Every change of an approval is answered with the whole of it: shown at once. */
function keepAnswer(client: QueryClient, answer: unknown) {
  const { id } = (answer ?? {}) as { id?: unknown };
  if (typeof id === 'string') client.setQueryData(['approval', 'one', id], answer);
}

/** Reads again what is shown of to-dos and approvals when either moved. */
export function watchTodo(client: QueryClient): () => void {
  const again = () => {
    void client.invalidateQueries({ queryKey: ['todo'] });
    void client.invalidateQueries({ queryKey: ['desk'] });
    void client.invalidateQueries({
      predicate: ({ queryKey }) => queryKey[0] === 'approval' && stale.has(String(queryKey[1])),
    });
  };
  const stopLive = onLive({ hint: (hint) => touches(hint.kind) && again(), resumed: again });
  const stopSent = onSent(({ kind, answer }) => {
    if (!touches(kind)) return;
    if (kind.startsWith('approval')) keepAnswer(client, answer);
    again();
  });
  return () => {
    stopLive();
    stopSent();
  };
}
