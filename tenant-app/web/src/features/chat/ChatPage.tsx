// 消息: the rooms, one room, and beside it a thread, its details or a search. Narrow screens show one at a time.
import { useQueryClient } from '@tanstack/react-query';
import { type ComponentType, lazy, Suspense, useEffect, useEffectEvent } from 'react';
import { useLocation } from 'wouter';
import { useMe } from '../../app/session';
import { useT } from '../../i18n';
import type { Hint } from '../../live/frames';
import { usePhone } from '../../ui/media';
import { notify } from '../../ui/notices';
import { Blank, SkeletonRows } from '../../ui/states';
import { roomAddress, useChatAddress } from './address';
import classes from './ChatPage.module.css';
import { RoomList } from './RoomList';
import { RoomView } from './RoomView';
import { watchChat } from './sync';

const Banner = lazy(() => import('../guide/Banner'));
const Later = lazy(() => import('./Later'));
const SelfRoom = lazy(() => import('./SelfRoom'));

/** Places of chat that are no rooms. */
const special: Record<string, ComponentType> = { later: Later, self: SelfRoom };

export function ChatPage() {
  const t = useT();
  const phone = usePhone();
  const { room } = useChatAddress();
  const Special = room && Object.hasOwn(special, room) ? special[room] : undefined;
  return (
    <div className={classes.page}>
      {(!phone || !room) && (
        <aside className={classes.list} aria-label={t('chat.rooms')}>
          <Suspense fallback={null}>
            <Banner />
          </Suspense>
          <RoomList selected={room} />
        </aside>
      )}
      {Special && (
        <Suspense fallback={<SkeletonRows />}>
          <Special />
        </Suspense>
      )}
      {room && !Special && <RoomView key={room} id={room} />}
      {!room && !phone && (
        <div className={classes.empty}>
          <Blank icon="chat" title={t('chat.pick')} text={t('chat.pickHint')} />
        </div>
      )}
    </div>
  );
}

/** Keeps chat as new as the server's on every page: the badge counts everywhere. */
export function useChat(): void {
  const client = useQueryClient();
  const me = useMe();
  const t = useT();
  const [, navigate] = useLocation();
  const nudged = useEffectEvent((hint: Hint) =>
    notify({
      tone: 'plain',
      text: t('chat.nudgedYou'),
      action: {
        label: t('chat.look'),
        run: () => hint.room && navigate(roomAddress(hint.room, hint.seq ? { at: hint.seq } : {})),
      },
    }),
  );
  useEffect(() => watchChat(client, me.personId, (hint) => nudged(hint)), [client, me.personId]);
}
