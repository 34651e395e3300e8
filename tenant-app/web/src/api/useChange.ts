// A change that somebody makes: what is shown of it is read again.
import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query';
import { type Key, useT } from '../i18n';
import { notify } from '../ui/notices';
import { explain } from './problem';

/**
 * Reads again what is kept under keys; a refusal is told unless the caller shows it. Changes of the first key go one
 * after the other, each with what the one before it left: nobody is in conflict with their own last step.
 */
export function useChangeOf<V, R>(
  keys: QueryKey[],
  act: (value: V) => Promise<R>,
  done?: Key | undefined,
  quiet = false,
) {
  const client = useQueryClient();
  const t = useT();
  return useMutation({
    mutationFn: act,
    scope: { id: String(keys[0]) },
    onSuccess: () => {
      if (done) notify({ tone: 'good', text: t(done) });
    },
    onError: (error) => {
      if (!quiet) notify({ tone: 'bad', text: explain(error, t) });
    },
    onSettled: () => Promise.all(keys.map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}
