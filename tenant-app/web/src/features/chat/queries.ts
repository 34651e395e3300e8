// What the page keeps of chat, and how it is read.
import { type QueryClient, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCalmRate } from '../../live/client';
import { readLater, readMessages, readRoom, readRooms, readUrgent } from './api';
import { emptyLog, type Log, tail, withLatest, withNewer, withOlder } from './log';
import type { Page, Room } from './model';

const keep = { keep: true };
const calmMs = { rooms: 20_000, messages: 10_000 };
const maxPages = 5;

async function allRooms(): Promise<Room[]> {
  const rooms: Room[] = [];
  let cursor = '';
  for (let page = 0; page < maxPages; page++) {
    const { items, next } = await readRooms(cursor);
    rooms.push(...items);
    if (!next) break;
    cursor = next;
  }
  return rooms;
}

export const roomsQuery = queryOptions({ queryKey: ['chat', 'rooms'], queryFn: allRooms, meta: keep });

export const useRooms = () => useQuery({ ...roomsQuery, refetchInterval: useCalmRate(calmMs.rooms) });

export const roomQuery = (id: string) =>
  queryOptions({ queryKey: ['chat', 'room', id], queryFn: () => readRoom(id), meta: keep });

export const laterQuery = queryOptions({ queryKey: ['chat', 'later'], queryFn: readLater });
export const urgentQuery = queryOptions({ queryKey: ['chat', 'urgent'], queryFn: readUrgent });

/** A log: of a room, or of one thread in it. */
export type Place = { room: string; thread?: string | undefined };

export const logKey = ({ room, thread }: Place) => ['chat', 'log', room, thread ?? ''] as const;

/** Logs that have heard of every message since they were read; until the connection breaks. */
const live = new Set<string>();
const nameOf = (place: Place) => logKey(place).join(' ');
export const isLive = (place: Place): boolean => live.has(nameOf(place));
export const forgetLive = (): void => live.clear();

const span = (place: Place) => (place.thread ? { thread: place.thread } : {});

export const logOf = (client: QueryClient, place: Place): Log | undefined =>
  client.getQueryData<Log>(logKey(place));

const set = (client: QueryClient, place: Place, change: (log: Log) => Log) =>
  client.setQueryData<Log>(logKey(place), (log) => change(log ?? emptyLog));

export function logQuery(client: QueryClient, place: Place) {
  return queryOptions({
    queryKey: logKey(place),
    queryFn: async () => {
      const page = await readMessages(place.room, span(place));
      live.add(nameOf(place));
      return withLatest(logOf(client, place) ?? emptyLog, page);
    },
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: 'always',
    ...(place.thread ? {} : { meta: keep }),
  });
}

/** The messages of a place: what is known at once, then what is new. */
export function useLog(place: Place) {
  const client = useQueryClient();
  return useQuery({ ...logQuery(client, place), refetchInterval: useCalmRate(calmMs.messages) });
}

const loading = new Map<string, Promise<unknown>>();

/** One load at a time for each end of a log. */
function once<T>(key: string, load: () => Promise<T>): Promise<T> {
  const running = loading.get(key);
  if (running) return running as Promise<T>;
  const started = load().finally(() => loading.delete(key));
  loading.set(key, started);
  return started;
}

export const loadOlder = (client: QueryClient, place: Place) =>
  once(`older ${nameOf(place)}`, async () => {
    const first = logOf(client, place)?.items[0];
    if (!first) return;
    const page = await readMessages(place.room, { ...span(place), before: first.seq });
    set(client, place, (log) => withOlder(log, page));
  });

export const loadNewer = (client: QueryClient, place: Place) =>
  once(`newer ${nameOf(place)}`, async () => {
    const last = logOf(client, place)?.items.at(-1);
    if (!last) return;
    const page = await readMessages(place.room, { ...span(place), after: last.seq });
    set(client, place, (log) => withNewer(log, page));
  });

/** Shows another part of the room: around a message, or the newest. */
export async function loadAround(client: QueryClient, place: Place, seq?: number): Promise<void> {
  const page: Page = await readMessages(place.room, {
    ...span(place),
    ...(seq === undefined ? {} : { around: seq }),
  });
  set(client, place, () => page);
}

const kept = 60;
const keptRooms = 20;

/** When a room is left: what is kept for reading without network is the end of the rooms that were seen last. */
export function trim(client: QueryClient, place: Place): void {
  client.setQueryData<Log>(logKey(place), (log) => log && tail(log, kept));
  const logs = client.getQueryCache().findAll({ queryKey: ['chat', 'log'], type: 'inactive' });
  logs.sort((a, b) => b.state.dataUpdatedAt - a.state.dataUpdatedAt);
  for (const query of logs.slice(keptRooms)) client.removeQueries({ queryKey: query.queryKey, exact: true });
}
