// What this person can do with a message.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { explain } from '../../api/problem';
import { type Key, useT } from '../../i18n';
import type { Action } from '../../ui/ActionMenu';
import { useCopy } from '../../ui/copy';
import { notify } from '../../ui/notices';
import { roomAddress } from './address';
import { react, setLater } from './api';
import { useConversation } from './conversation';
import type { Window } from './MessageTools';
import type { Message } from './model';
import { laterQuery, logKey } from './queries';

/** A change of one message: it is read again, a refusal is told. */
export function useMessageChange<V>(act: (value: V) => Promise<unknown>, done?: Key) {
  const t = useT();
  const client = useQueryClient();
  const { place } = useConversation();
  return useMutation({
    mutationFn: act,
    onSuccess: () => {
      if (done) notify({ tone: 'good', text: t(done) });
    },
    onError: (error) => notify({ tone: 'bad', text: explain(error, t) }),
    onSettled: () => client.invalidateQueries({ queryKey: logKey(place) }),
  });
}

export function useReact(message: Message) {
  const change = useMessageChange((emoji: string) => {
    const mine = message.reactions.some((r) => r.emoji === emoji && r.mine);
    return react(message.id, emoji, !mine);
  });
  return (emoji: string) => change.mutate(emoji);
}

export function useActions(message: Message, own: boolean, open: (window: Window) => void) {
  const t = useT();
  const [, navigate] = useLocation();
  const copy = useCopy();
  const client = useQueryClient();
  const { room, place, quote, select } = useConversation();
  const reaction = useReact(message);
  const later = message.later ?? false;
  const put = useMessageChange(
    (on: boolean) => setLater(message.id, on).then(() => client.invalidateQueries(laterQuery)),
    later ? 'chat.laterGone' : 'chat.laterKept',
  );
  const many = room.kind !== 'self' && room.kind !== 'assistant';
  const said = message.text !== '' && message.kind !== 'forward' && message.kind !== 'card';
  const all: (Action | false)[] = [
    { label: t('chat.reply'), icon: 'reply', run: () => quote(message) },
    many &&
      !place.thread && {
        label: t('chat.thread'),
        icon: 'thread',
        run: () => navigate(roomAddress(room.id, { thread: message.id }), { replace: true }),
      },
    { label: t('chat.forward'), icon: 'forward', run: () => open('forward') },
    { label: t('chat.select'), icon: 'select', run: () => select(new Map([[message.id, message]])) },
    said && { label: t('chat.copy'), icon: 'copy', run: () => void copy(message.text) },
    { label: t(later ? 'chat.laterRemove' : 'chat.laterAdd'), icon: 'clock', run: () => put.mutate(!later) },
    (own || room.mayManage) &&
      many && { label: t('chat.receipts'), icon: 'receipt', run: () => open('receipts') },
    own && message.kind === 'text' && { label: t('chat.edit'), icon: 'edit', run: () => open('edit') },
    own && { label: t('chat.recall'), icon: 'undo', run: () => open('recall'), danger: true },
  ];
  return { actions: all.filter((a) => a !== false), react: reaction };
}
