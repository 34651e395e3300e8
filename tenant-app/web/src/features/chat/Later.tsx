// 稍后处理: messages that the person put aside.
import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import { explain } from '../../api/problem';
import { useMe } from '../../app/session';
import { useLanguage } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { usePhone } from '../../ui/media';
import { useMinute } from '../../ui/minute';
import { notify } from '../../ui/notices';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { useTitle } from '../../ui/title';
import { roomAddress } from './address';
import { type Found, setLater } from './api';
import classes from './Later.module.css';
import { laterQuery } from './queries';
import view from './RoomView.module.css';
import { saidOf } from './rows';
import { lineOf, roomName, whenText } from './sentences';
import { atLength } from './time';

export default function Later() {
  const { t } = useLanguage();
  const phone = usePhone();
  const { data, error, refetch } = useQuery(laterQuery);
  useTitle(t('chat.later'));
  return (
    <section className={view.room} aria-label={t('chat.later')}>
      <header className={view.head}>
        {phone && (
          <Link href="/chat" className={view.back} aria-label={t('action.back')}>
            <Icon name="left" />
          </Link>
        )}
        <h2 className={view.title}>{t('chat.later')}</h2>
      </header>
      {!data && (error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />)}
      {data?.items.length === 0 && (
        <Blank icon="clock" title={t('chat.laterNone')} text={t('chat.laterHint')} />
      )}
      <ul className={classes.rows}>
        {data?.items.map((found) => (
          <Row key={found.message.id} found={found} />
        ))}
      </ul>
    </section>
  );
}

function Row({ found }: { found: Found }) {
  const { message } = found;
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const now = useMinute();
  const client = useQueryClient();
  const done = useMutation({
    mutationFn: () => setLater(message.id, false),
    onError: (error) => notify({ tone: 'bad', text: explain(error, t) }),
    onSettled: () => client.invalidateQueries(laterQuery),
  });
  const root = message.thread?.root;
  const href = roomAddress(message.roomId, root ? { thread: root } : { at: message.seq });
  return (
    <li className={classes.row}>
      <Link href={href}>
        <PersonAvatar
          id={message.author?.id ?? ''}
          text={message.author?.avatarText ?? ''}
          src={message.author?.avatar}
          size={38}
        />
        <span className={classes.texts}>
          <span className={classes.line}>{lineOf(saidOf(message), t)}</span>
          <span className={classes.dim}>
            {[
              message.author?.name,
              roomName({ kind: found.roomKind, name: found.room }, t),
              whenText(atLength(lang, message.at, timezone, now), t),
            ]
              .filter(Boolean)
              .join(' · ')}
          </span>
        </span>
      </Link>
      <Button variant="light" loading={done.isPending} onClick={() => done.mutate()}>
        {t('chat.laterDone')}
      </Button>
    </li>
  );
}
