// The cache of what the server said, and what happens to every failure.
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError, isUnreachable } from '../api/problem';
import { forget } from '../offline/keep';

/** Signed out: drop what was cached for the person, then sign in and come back here. */
export async function toSignIn() {
  await forget();
  const here = location.pathname + location.search;
  location.assign(here === '/' ? '/login' : `/login?next=${encodeURIComponent(here)}`);
}

/** The texts changed, or nobody agreed to them yet: the server asks on a page of its own, and leads back here. */
export function toConsent() {
  location.assign(`/auth/consent?next=${encodeURIComponent(location.pathname + location.search)}`);
}

function onError(error: unknown) {
  if (!(error instanceof ApiError)) return;
  if (error.status === 401) void toSignIn();
  if (error.code === 'consent_needed') toConsent();
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      networkMode: 'always',
      staleTime: 30_000,
      gcTime: 24 * 3_600_000,
      retry: (count, error) => count < 2 && error instanceof ApiError && error.status >= 500,
      refetchOnWindowFocus: (query) => !isUnreachable(query.state.error),
    },
    mutations: { networkMode: 'always' },
  },
});
