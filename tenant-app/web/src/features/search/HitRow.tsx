// One thing that was found: what, whose, where and when, with what was looked for marked.
import { Link } from 'wouter';
import { useMe } from '../../app/session';
import { useLanguage, useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { useMinute } from '../../ui/minute';
import { PersonAvatar } from '../../ui/PersonAvatar';
import list from '../approval/List.module.css';
import type { RoomKind } from '../chat/model';
import { roomName, whenText } from '../chat/sentences';
import { shortly } from '../chat/time';
import classes from './HitRow.module.css';
import { hrefOf, inOneLine, personAddress, signOf } from './hits';
import type { FoundPerson, Hit, Part } from './queries';

export function Marked({ parts }: { parts: Part[] }) {
  return inOneLine(parts).map((part, i) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no identity but their place
    part.hit ? <mark key={i}>{part.text}</mark> : <span key={i}>{part.text}</span>,
  );
}

/** Who wrote it and in which room, as far as the kind tells. */
export function usePlaceOf(): (hit: Hit) => string {
  const t = useT();
  return (hit) => {
    const room = hit.place ? roomName({ kind: hit.placeKind as RoomKind, name: hit.place }, t) : '';
    return [hit.author, hit.placeKind === 'direct' && room === hit.author ? '' : room]
      .filter(Boolean)
      .join(' · ');
  };
}

export function HitRow({ hit, onOpen }: { hit: Hit; onOpen: () => void }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const now = useMinute();
  const placeOf = usePlaceOf();
  const href = hrefOf(hit);
  if (!href) return null;
  const message = hit.kind === 'message';
  return (
    <li>
      <Link href={href} className={classes.row} onClick={onOpen}>
        <span className={classes.sign} data-kind={hit.kind}>
          <Icon name={signOf(hit)} size={20} />
        </span>
        <span className={list.texts}>
          <span className={list.first}>
            <b>{message ? placeOf(hit) : <Marked parts={hit.title} />}</b>
            <time dateTime={hit.at}>{whenText(shortly(lang, hit.at, timezone, now), t)}</time>
          </span>
          <span className={list.second}>
            {hit.kind === 'file' ? placeOf(hit) : <Marked parts={hit.snippet} />}
          </span>
        </span>
      </Link>
    </li>
  );
}

export function PersonRow({ person, onOpen }: { person: FoundPerson; onOpen: () => void }) {
  return (
    <li>
      <Link href={personAddress(person.id)} className={classes.row} onClick={onOpen}>
        <PersonAvatar id={person.id} text={person.avatarText} src={person.avatar} size={40} />
        <span className={list.texts}>
          <span className={list.first}>
            <b>{person.name}</b>
          </span>
          <span className={list.second}>{person.department}</span>
        </span>
      </Link>
    </li>
  );
}
