// Below an own message: whether it was read.
import { lazy, Suspense, useState } from 'react';
import { useT } from '../../i18n';
import { useConversation } from './conversation';
import type { Message } from './model';
import classes from './ReadState.module.css';

const MessageDialogs = lazy(() => import('./MessageDialogs'));

export function ReadState({ message }: { message: Message }) {
  const t = useT();
  const { room } = useConversation();
  const [open, setOpen] = useState(false);
  if (room.kind === 'self' || room.kind === 'assistant' || message.thread?.root) return null;
  if (room.kind === 'direct') {
    const read = message.readCount > 0;
    return (
      <span className={classes.state} data-read={read || undefined}>
        {t(read ? 'chat.read' : 'chat.unreadOne')}
      </span>
    );
  }
  if (message.readCount + message.unreadCount === 0) return null;
  return (
    <>
      <button type="button" className={classes.state} onClick={() => setOpen(true)}>
        {message.unreadCount === 0
          ? t('chat.readAll')
          : t('chat.readCounts', { read: message.readCount, unread: message.unreadCount })}
      </button>
      {open && (
        <Suspense fallback={null}>
          <MessageDialogs message={message} shown="receipts" onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
