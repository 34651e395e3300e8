// What a suggestion says, and what was said and done about it.
import { useMe } from '../../app/session';
import { type Key, useLanguage } from '../../i18n';
import { formatTime } from '../../i18n/format';
import { Icon } from '../../ui/Icon';
import { useMinute } from '../../ui/minute';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { FileLine, Picture } from '../chat/Files';
import classes from './Desk.module.css';
import type { Detail, Verb } from './model';

const doings: Record<Verb, Key> = {
  take: 'desk.did.take',
  answer: 'desk.did.answer',
  close: 'desk.did.close',
  follow: 'desk.did.follow',
};

export function Told({ detail }: { detail: Detail }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const now = useMinute();
  const handles = detail.actions.includes('answer');
  const late = detail.due !== undefined && new Date(detail.due).getTime() < now;
  return (
    <>
      <p className={classes.meta}>
        {detail.author?.name ?? t('desk.anonymous')} · {formatTime(lang, detail.createdAt, timezone)}
        {detail.handler && ` · ${t('desk.handledBy', { name: detail.handler.name })}`}
      </p>
      <p className={classes.text}>{detail.text}</p>
      {detail.files.length > 0 && (
        <div className={classes.files}>
          {detail.files.map((file) =>
            file.preview ? <Picture key={file.id} file={file} /> : <FileLine key={file.id} file={file} />,
          )}
        </div>
      )}
      {detail.due && (
        <p className={`${classes.meta} ${late ? classes.late : ''}`}>
          {t(late ? 'approval.late' : handles ? 'desk.due' : 'desk.soon', {
            time: formatTime(lang, detail.due, timezone),
          })}
        </p>
      )}
      {detail.entries.length > 0 && (
        <ol className={classes.entries} aria-label={t('desk.entries')}>
          {detail.entries.map((entry) => (
            <li key={entry.id}>
              {entry.person ? (
                <PersonAvatar
                  id={entry.person.id}
                  text={entry.person.avatarText}
                  src={entry.person.avatar}
                  size={32}
                />
              ) : (
                <span className={classes.face}>
                  <Icon name="person" />
                </span>
              )}
              <div>
                <p>
                  <b>{entry.person?.name ?? t('desk.anonymous')}</b> {t(doings[entry.verb])}
                  <time dateTime={entry.at}>{formatTime(lang, entry.at, timezone)}</time>
                </p>
                {entry.text && <p className={classes.text}>{entry.text}</p>}
              </div>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
