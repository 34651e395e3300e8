// What is done with a way: a code is sent, typed in, or the way is left.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ApiError, explain } from '../../api/problem';
import { type Key, type Translate, useT } from '../../i18n';
import { hasKey } from '../../i18n/keys';
import { notify } from '../../ui/notices';
import { channelsQuery, confirmChannel, type Kind, leaveChannel, tryChannel } from './queries';

/** What went wrong, with the reason where the server tells it. */
export function explainTest(error: unknown, t: Translate): string {
  const why = error instanceof ApiError ? `notices.why.${error.params.why}` : '';
  return hasKey(why) ? `${t('notices.notSent')} ${t(why)}` : explain(error, t);
}

export function useWay(kind: Kind) {
  const client = useQueryClient();
  const t = useT();
  const onSettled = () => client.invalidateQueries(channelsQuery);
  const say = (key: Key) => notify({ tone: 'good', text: t(key) });
  return {
    test: useMutation({ mutationFn: (address?: string) => tryChannel(kind, address), onSettled }),
    confirm: useMutation({
      mutationFn: (code: string) => confirmChannel(kind, code),
      onSuccess: () => say('notices.confirmed'),
      onSettled,
    }),
    leave: useMutation({
      mutationFn: () => leaveChannel(kind),
      onSuccess: () => say('notices.left'),
      onError: (error) => notify({ tone: 'bad', text: explain(error, t) }),
      onSettled,
    }),
  };
}
