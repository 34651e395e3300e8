// One room in the list: who, when, what was said last, and how much is unread.
import { Link } from 'wouter';
import { useMe } from '../../app/session';
import { type Lang, type Translate, useLanguage } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { roomAddress } from './address';
import type { Room } from './model';
import { RoomAvatar } from './RoomAvatar';
import classes from './RoomRow.module.css';
import { saidOf } from './rows';
import { lineOf, roomName, systemLine, whenText } from './sentences';
import { shortly } from './time';

type Props = { room: Room; here: boolean; draft: string; now: number };

export function RoomRow({ room, here, draft, now }: Props) {
  const { t, lang } = useLanguage();
  const me = useMe();
  const last = room.lastMessage;
  return (
    <Link
      href={roomAddress(room.id)}
      className={classes.row}
      data-here={here || undefined}
      data-pinned={room.pinned || undefined}
      aria-current={here ? 'page' : undefined}
    >
      <RoomAvatar room={room} />
      <span className={classes.texts}>
        <span className={classes.first}>
          <span className={classes.name}>{roomName(room, t)}</span>
          {room.external && <span className={classes.external}>{t('chat.external')}</span>}
          {last && (
            <time className={classes.time} dateTime={last.at}>
              {whenText(shortly(lang, last.at, me.timezone, now), t)}
            </time>
          )}
        </span>
        <span className={classes.second}>
          <Call room={room} draft={here ? '' : draft} t={t} />
          <span className={classes.said}>
            {here || !draft ? saidLast(room, me.personId, t, lang) : draft}
          </span>
          {room.muted && <Icon name="muted" size={14} />}
          <Unread room={room} t={t} />
        </span>
      </span>
    </Link>
  );
}

/** Somebody calls, or something was begun: in front of what was said. */
function Call({ room, draft, t }: { room: Room; draft: string; t: Translate }) {
  if (room.urgent > 0) return <b className={classes.call}>{t('chat.urgentMark')}</b>;
  if (room.mentions > 0) return <b className={classes.call}>{t('chat.mentioned')}</b>;
  return draft ? <b className={classes.call}>{t('chat.draft')}</b> : null;
}

function saidLast(room: Room, me: string, t: Translate, lang: Lang): string {
  const last = room.lastMessage;
  if (!last) return '';
  if (last.system) return systemLine(last.system, t, lang);
  const line = lineOf(saidOf(last), t);
  const many = room.kind === 'group' || room.kind === 'department';
  if (!many || !last.author || last.author.id === me) return line;
  return t('chat.saidBy', { name: last.author.name, line });
}

function Unread({ room, t }: { room: Room; t: Translate }) {
  if (room.unread === 0) return null;
  return (
    <span className={classes.unread} data-muted={room.muted || undefined}>
      <span className="visually-hidden">{t('chat.unread', { count: room.unread })}</span>
      <span aria-hidden="true">{room.unread > 99 ? '99+' : room.unread}</span>
    </span>
  );
}
