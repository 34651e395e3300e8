// 聊天记录: several messages in one, opened on demand.
import { lazy, Suspense, useState } from 'react';
import { useT } from '../../i18n';
import classes from './ForwardCard.module.css';
import type { Message } from './model';
import { mergedSaid } from './rows';
import { lineOf } from './sentences';

const ForwardedDialog = lazy(() => import('./ForwardedDialog'));
const shownLines = 3;

export function ForwardCard({ message }: { message: Message }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const lines = message.forward?.items ?? [];
  return (
    <>
      <button type="button" className={classes.card} onClick={() => setOpen(true)}>
        <strong>{message.forward?.title || message.text || t('chat.forwarded')}</strong>
        {lines.slice(0, shownLines).map((line) => (
          <span key={`${line.at} ${line.author} ${line.text}`} className={classes.line}>
            {t('chat.saidBy', { name: line.author, line: lineOf(mergedSaid(line), t) })}
          </span>
        ))}
        <span className={classes.foot}>{t('chat.forwardedCount', { count: lines.length })}</span>
      </button>
      {open && message.forward && (
        <Suspense fallback={null}>
          <ForwardedDialog forward={message.forward} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
