// 话题: the replies to one message, with a composer of their own.
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useT } from '../../i18n';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { Failed, SkeletonRows } from '../../ui/states';
import { readMessage } from './api';
import { Body } from './Body';
import { Composer } from './Composer';
import { type Conversation, ConversationContext } from './conversation';
import { MessageList } from './MessageList';
import type { Message, Room } from './model';
import { useLog } from './queries';
import classes from './Thread.module.css';

type Props = { room: Room; root: string };

export function Thread({ room, root }: Props) {
  const place = useMemo(() => ({ room: room.id, thread: root }), [room.id, root]);
  const log = useLog(place);
  const [quote, setQuote] = useState<Message>();
  const [text, setText] = useState<string>();
  const conversation = useMemo<Conversation>(
    () => ({ room, place, quote: setQuote, compose: setText, selected: undefined, select: () => undefined }),
    [room, place],
  );
  return (
    <ConversationContext value={conversation}>
      <Root root={root} />
      {log.data ? (
        <MessageList log={log.data} />
      ) : (
        <div className={classes.loading}>
          {log.error ? (
            <Failed error={log.error} retry={() => void log.refetch()} />
          ) : (
            <SkeletonRows rows={3} />
          )}
        </div>
      )}
      <Composer quote={quote} onQuote={setQuote} given={text} onGiven={() => setText(undefined)} />
    </ConversationContext>
  );
}

/** What the replies are about. */
function Root({ root }: { root: string }) {
  const t = useT();
  const { data: message } = useQuery({
    queryKey: ['chat', 'message', root],
    queryFn: () => readMessage(root),
  });
  if (!message) return null;
  return (
    <div className={classes.root}>
      {message.author && (
        <PersonAvatar
          id={message.author.id}
          text={message.author.avatarText}
          src={message.author.avatar}
          size={32}
        />
      )}
      <div>
        <p>{message.author?.name}</p>
        {message.recalledAt ? t('chat.recalled') : <Body message={message} />}
      </div>
    </div>
  );
}
