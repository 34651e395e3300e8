// What the page reads of the suggestion box, and what is done there.
import { infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query';
import { api, take } from '../../api/client';
import { newId } from '../../api/id';
import type { Detail, State, Verb } from './model';

const pageSize = 30;

export type Box = 'mine' | 'all';

export const boxQuery = (box: Box, state: State | undefined) =>
  infiniteQueryOptions({
    queryKey: ['desk', 'box', box, state ?? ''],
    queryFn: ({ pageParam, signal }) =>
      take(
        api.GET('/api/v1/suggestions', {
          params: {
            query: {
              box,
              limit: pageSize,
              ...(state ? { state } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    meta: { keep: true },
  });

export const suggestionQuery = (id: string) =>
  queryOptions({
    queryKey: ['desk', 'one', id],
    queryFn: () => take(api.GET('/api/v1/suggestions/{id}', { params: { path: { id } } })),
    meta: { keep: true },
  });

export const settingsQuery = queryOptions({
  queryKey: ['desk', 'settings'],
  queryFn: () => take(api.GET('/api/v1/desk-settings')),
  meta: { keep: true },
});

export const setSettings = (anonymous: boolean) =>
  take(api.PUT('/api/v1/desk-settings', { body: { anonymous } }));

export const act = (id: string, verb: Verb, text: string) =>
  take(
    api.POST('/api/v1/suggestions/{id}/entries', {
      params: { path: { id } },
      body: { id: newId(), verb, ...(text && { text }) },
    }),
  );

/** Nothing of it is kept on the device: whoever has the code is the author. */
export const lookUp = (code: string) => take(api.POST('/api/v1/suggestions/by-code', { body: { code } }));

export const followUp = (code: string, text: string) =>
  take(api.POST('/api/v1/suggestions/by-code/entries', { body: { code, id: newId(), text } }));

/** Every change is answered with the whole suggestion: shown at once. */
export function keepAnswer(client: QueryClient, answer: Detail): void {
  client.setQueryData(suggestionQuery(answer.id).queryKey, answer);
  void client.invalidateQueries({ queryKey: ['desk', 'box'] });
  void client.invalidateQueries({ queryKey: ['todo'] });
}
