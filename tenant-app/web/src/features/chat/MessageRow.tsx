// One message: who said it, what, what others made of it, and the way to its actions.
import { memo, useState } from 'react';
import { Link } from 'wouter';
import { useMe } from '../../app/session';
import { useLanguage, useT } from '../../i18n';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { roomAddress } from './address';
import { Body } from './Body';
import { useConversation } from './conversation';
import classes from './MessageRow.module.css';
import { MessageTools } from './MessageTools';
import type { Message } from './model';
import { Reactions } from './Reactions';
import { ReadState } from './ReadState';
import { Receipt } from './Receipt';
import { RoomAvatar } from './RoomAvatar';
import { saidOf } from './rows';
import { lineOf, roomName, systemLine } from './sentences';
import { clockTime } from './time';
import { Urgent } from './Urgent';

type Props = {
  message: Message;
  head: boolean;
  /** Whether the head says when. */
  clock: boolean;
  marked: boolean;
  onJump: (seq: number) => void;
};

export const MessageRow = memo(function MessageRow({ message, head, clock, marked, onJump }: Props) {
  const { t, lang } = useLanguage();
  const me = useMe();
  const own = message.author?.id === me.personId;
  if (message.kind === 'system' && message.system)
    return <p className={classes.note}>{systemLine(message.system, t, lang)}</p>;
  if (message.recalledAt) return <Recalled message={message} own={own} />;
  return (
    <Frame message={message} own={own} head={head} clock={clock} marked={marked}>
      {message.quote && <Quote message={message} onJump={onJump} />}
      <Body message={message} />
      {message.editedAt && <span className={classes.edited}>{t('chat.edited')}</span>}
    </Frame>
  );
});

type FrameProps = {
  message: Message;
  own: boolean;
  head: boolean;
  clock: boolean;
  marked: boolean;
  children: React.ReactNode;
};

function Frame({ message, own, head, clock, marked, children }: FrameProps) {
  const { lang, t } = useLanguage();
  const me = useMe();
  const { room, selected, select } = useConversation();
  const [held, setHeld] = useState(false);
  const name = message.author?.name ?? roomName(room, t);
  const chosen = selected?.has(message.id) ?? false;
  const plain = message.kind === 'picture' && message.text === '' && !message.quote;
  const choose = () => {
    if (!selected) return;
    const next = new Map(selected);
    if (!next.delete(message.id)) next.set(message.id, message);
    select(next);
  };
  return (
    <article
      className={classes.row}
      data-own={own || undefined}
      data-head={head || undefined}
      data-marked={marked || undefined}
      data-choosing={selected !== undefined || undefined}
    >
      {selected && (
        <input
          type="checkbox"
          className={classes.check}
          checked={chosen}
          onChange={choose}
          aria-label={t('chat.choose', { line: lineOf(saidOf(message), t) })}
        />
      )}
      <span className={classes.face}>{head && !own && <Face message={message} />}</span>
      <div className={classes.column} inert={selected !== undefined}>
        {head && (
          <p className={classes.who}>
            {own ? <span className="visually-hidden">{name}</span> : name}
            {message.author?.external && <span className={classes.external}>{t('chat.external')}</span>}
            {clock && <time dateTime={message.at}>{clockTime(lang, message.at, me.timezone)}</time>}
          </p>
        )}
        <div className={classes.line}>
          <div
            className={classes.bubble}
            data-plain={plain || undefined}
            data-urgent={message.urgent ? true : undefined}
            {...holding(() => setHeld(true))}
          >
            {children}
          </div>
          <MessageTools message={message} own={own} open={held} onOpen={setHeld} />
        </div>
        {message.urgent && <Urgent message={message} own={own} />}
        {message.receipt?.asked && <Receipt message={message} own={own} />}
        {message.reactions.length > 0 && <Reactions message={message} />}
        {!message.thread?.root && (message.thread?.replies ?? 0) > 0 && <Replies message={message} />}
        {own && <ReadState message={message} />}
      </div>
    </article>
  );
}

/** Who speaks; an assistant looks like its room. */
function Face({ message: { author } }: { message: Message }) {
  const { room } = useConversation();
  if (!author) return <RoomAvatar room={room} size={36} />;
  return (
    <PersonAvatar
      id={author.id}
      text={author.avatarText}
      src={author.avatar}
      size={36}
      muted={author.left ?? false}
    />
  );
}

const holdMs = 450;

/** A finger that rests opens what a mouse finds by hovering. */
function holding(act: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => clearTimeout(timer);
  return {
    onTouchStart: () => {
      timer = setTimeout(act, holdMs);
    },
    onTouchEnd: stop,
    onTouchMove: stop,
    onTouchCancel: stop,
    onContextMenu: (event: React.MouseEvent) => {
      // Text that is selected keeps the browser's own menu.
      if (!matchMedia('(hover: none)').matches && String(getSelection()) !== '') return;
      event.preventDefault();
      act();
    },
  };
}

function Recalled({ message, own }: { message: Message; own: boolean }) {
  const t = useT();
  return (
    <p className={classes.note}>
      {own ? t('chat.recalledOwn') : t('chat.recalledBy', { name: message.author?.name ?? '' })}
    </p>
  );
}

function Quote({ message, onJump }: { message: Message; onJump: (seq: number) => void }) {
  const t = useT();
  const quote = message.quote;
  if (!quote) return null;
  return (
    <button type="button" className={classes.quote} onClick={() => quote.seq && onJump(quote.seq)}>
      <b>{quote.author?.name}</b> {quote.seq ? lineOf(saidOf(quote), t) : t('chat.quoteHidden')}
    </button>
  );
}

function Replies({ message }: { message: Message }) {
  const t = useT();
  const { room } = useConversation();
  return (
    <Link href={roomAddress(room.id, { thread: message.id })} replace className={classes.replies}>
      {t('chat.replies', { count: message.thread?.replies ?? 0 })}
    </Link>
  );
}
