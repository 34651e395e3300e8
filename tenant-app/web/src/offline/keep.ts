// Keeps what the directory last showed, so that it can be read without network. One copy per device, bound to
// one person and one data epoch; gone at the next sign-in of anybody else.
import { type DehydratedState, dehydrate, hydrate, type QueryClient } from '@tanstack/react-query';

const box = 'atrium-kept';
const place = '/kept';
const pauseMs = 1_000;
const maxAgeMs = 14 * 24 * 3_600_000;

type Kept = { personId: string; dataEpoch: number; at: number; state: DehydratedState };

let owner: { personId: string; dataEpoch: number } | undefined;
let watching = false;

/** Cache storage is missing on plain-http pages and in some embedded browsers: then nothing is kept. */
const open = () => ('caches' in globalThis ? caches.open(box) : undefined);

async function read(): Promise<Kept | undefined> {
  const found = await (await open())?.match(place);
  return found ? ((await found.json()) as Kept) : undefined;
}

/** Fills the cache with what was kept. A copy that cannot be read counts as none. */
export async function restore(client: QueryClient): Promise<void> {
  const kept = await read().catch(() => undefined);
  if (!kept || Date.now() - kept.at > maxAgeMs) return;
  hydrate(client, stale(kept.state));
}

/** What was kept is shown at once, and read again: it is as old as the last visit. */
function stale(state: DehydratedState): DehydratedState {
  const queries = state.queries.map((query) => ({ ...query, state: { ...query.state, dataUpdatedAt: 0 } }));
  return { ...state, queries };
}

/** From now on what is read is kept for this person; what was kept, or is shown, for another or before a restore goes. */
export async function bindTo(client: QueryClient, personId: string, dataEpoch: number): Promise<void> {
  if (owner?.personId === personId && owner.dataEpoch === dataEpoch) return;
  const another = (whose?: { personId: string; dataEpoch: number }) =>
    whose !== undefined && (whose.personId !== personId || whose.dataEpoch !== dataEpoch);
  // Another tab may have signed in since: then what is kept is theirs already, and this page is the old one.
  const shown = another(owner);
  const kept = await read().catch(() => undefined);
  if (another(kept)) await forget();
  if (shown || another(kept)) await client.resetQueries({ predicate: (query) => query.queryKey[0] !== 'me' });
  if (!watching) watch(client);
  owner = { personId, dataEpoch };
}

function watch(client: QueryClient) {
  watching = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  client.getQueryCache().subscribe((event) => {
    if (event.type !== 'updated' || event.action.type !== 'success' || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      void save(client);
    }, pauseMs);
  });
}

async function save(client: QueryClient) {
  const store = await open();
  if (!store || !owner) return;
  const state = dehydrate(client, {
    shouldDehydrateQuery: (query) => query.state.status === 'success' && query.meta?.keep === true,
  });
  const kept: Kept = { ...owner, at: Date.now(), state };
  await store.put(place, new Response(JSON.stringify(kept))).catch(() => undefined);
}

/** Drops everything that was kept. */
export async function forget(): Promise<void> {
  owner = undefined;
  if ('caches' in globalThis) await caches.delete(box);
}
