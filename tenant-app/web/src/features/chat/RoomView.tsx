// One room: its head, its messages, the composer, and what stands beside them.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { useT } from '../../i18n';
import { Icon, type IconName } from '../../ui/Icon';
import { usePhone } from '../../ui/media';
import { Failed, SkeletonRows } from '../../ui/states';
import { useTitle } from '../../ui/title';
import { type Panel, roomAddress, useChatAddress } from './address';
import { Composer } from './Composer';
import { type Conversation, ConversationContext } from './conversation';
import { MessageList } from './MessageList';
import type { Message, Room } from './model';
import { logOf, roomQuery, roomsQuery, trim, useLog } from './queries';
import { RoomAvatar } from './RoomAvatar';
import { RoomNoticeBar } from './RoomNoticeBar';
import classes from './RoomView.module.css';
import { roomName } from './sentences';

const SidePanel = lazy(() => import('./SidePanel'));
const SelectionBar = lazy(() => import('./SelectionBar'));

export function RoomView({ id }: { id: string }) {
  const { panel, thread } = useChatAddress();
  const { data: listed } = useQuery({ ...roomsQuery, select: (rooms) => rooms.find((r) => r.id === id) });
  const { data: detail, error, refetch } = useQuery(roomQuery(id));
  // The list is newer; a single room knows its notice.
  const room = useMemo(
    () => (listed && detail ? { ...detail, ...listed } : (listed ?? detail)),
    [listed, detail],
  );
  if (!room)
    return (
      <div className={classes.room}>
        {error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />}
      </div>
    );
  return (
    <>
      <Conversing room={room} />
      {(panel || thread) && (
        <Suspense fallback={null}>
          <SidePanel room={room} panel={panel} thread={thread} />
        </Suspense>
      )}
    </>
  );
}

function Conversing({ room }: { room: Room }) {
  const t = useT();
  const client = useQueryClient();
  const { at, panel, thread } = useChatAddress();
  const place = useMemo(() => ({ room: room.id }), [room.id]);
  const log = useLog(place);
  const [quote, setQuote] = useState<Message>();
  const [selected, setSelected] = useState<ReadonlyMap<string, Message>>();
  const [text, setText] = useState<string>();
  useEffect(() => () => void (logOf(client, place) && trim(client, place)), [client, place]);
  const conversation = useMemo<Conversation>(
    () => ({
      room,
      place,
      quote: setQuote,
      compose: setText,
      selected,
      select: setSelected,
    }),
    [room, place, selected],
  );
  const phone = usePhone();
  return (
    <ConversationContext value={conversation}>
      <section
        className={classes.room}
        aria-label={roomName(room, t)}
        inert={phone && Boolean(panel || thread)}
      >
        <Head room={room} />
        <RoomNoticeBar room={room} />
        {log.data ? (
          <MessageList log={log.data} at={at} />
        ) : (
          <div className={classes.loading}>
            {log.error ? <Failed error={log.error} retry={() => void log.refetch()} /> : <SkeletonRows />}
          </div>
        )}
        {selected ? (
          <Suspense fallback={null}>
            <SelectionBar />
          </Suspense>
        ) : (
          <Composer
            key={room.id}
            quote={quote}
            onQuote={setQuote}
            given={text}
            onGiven={() => setText(undefined)}
          />
        )}
      </section>
    </ConversationContext>
  );
}

function Head({ room }: { room: Room }) {
  const t = useT();
  const phone = usePhone();
  const many = room.kind === 'group' || room.kind === 'department';
  const name = roomName(room, t);
  useTitle(name);
  return (
    <header className={classes.head}>
      {phone && (
        <Link href="/chat" className={classes.back} aria-label={t('action.back')}>
          <Icon name="left" />
        </Link>
      )}
      {!phone && <RoomAvatar room={room} size={34} />}
      <h2 className={classes.title}>
        <span>{name}</span>
        {room.external && <small className={classes.external}>{t('chat.external')}</small>}
        {many && <small>{t('chat.memberCount', { count: room.members })}</small>}
      </h2>
      <PanelLink room={room} panel="search" icon="search" label={t('chat.search')} />
      <PanelLink room={room} panel="details" icon="more" label={t('chat.details')} />
    </header>
  );
}

type PanelLinkProps = { room: Room; panel: Panel; icon: IconName; label: string };

/** Opens a panel; the way back leads to the rooms, not through every panel that was open. */
function PanelLink({ room, panel, icon, label }: PanelLinkProps) {
  const { panel: shown } = useChatAddress();
  const href = roomAddress(room.id, shown === panel ? {} : { panel });
  return (
    <Link
      href={href}
      replace
      className={classes.tool}
      aria-label={label}
      title={label}
      aria-pressed={shown === panel}
      role="button"
    >
      <Icon name={icon} />
    </Link>
  );
}
