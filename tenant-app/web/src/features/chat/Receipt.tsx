// 回执: others answer with one press; who asked sees how far it is, and can nudge.
import { lazy, Suspense, useState } from 'react';
import { useT } from '../../i18n';
import { useOutbox } from '../../offline/outbox';
import { nudge } from './api';
import { type Message, type ReceiptState, receiptStates } from './model';
import { answer, type ReceiptBody } from './outgoing';
import classes from './Receipt.module.css';
import { useMessageChange } from './useActions';

const MessageDialogs = lazy(() => import('./MessageDialogs'));

export function Receipt({ message, own }: { message: Message; own: boolean }) {
  return own ? <RollUp message={message} /> : <Answer message={message} />;
}

function Answer({ message }: { message: Message }) {
  const t = useT();
  const waiting = useOutbox().find(
    (e) => e.kind === 'chat.receipt' && e.aggregate === `receipt:${message.id}`,
  );
  const mine = (waiting?.body as ReceiptBody | undefined)?.state ?? message.receipt?.mine;
  return (
    <fieldset className={classes.states}>
      <legend className="visually-hidden">{t('chat.receipt')}</legend>
      {receiptStates.map((state) => (
        <button
          key={state}
          type="button"
          aria-pressed={state === mine}
          data-state={state}
          onClick={() => state !== mine && void answer(message.roomId, message.id, state)}
        >
          {t(`chat.state.${state}`)}
        </button>
      ))}
    </fieldset>
  );
}

function RollUp({ message }: { message: Message }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const push = useMessageChange(() => nudge(message.id), 'chat.nudged');
  const silent = message.receipt?.waiting ?? 0;
  const line = (state: ReceiptState) => {
    const count = message.receipt?.[state] ?? 0;
    return count > 0 && `${t(`chat.state.${state}`)} ${count}`;
  };
  return (
    <div className={classes.roll}>
      <button type="button" className={classes.sum} onClick={() => setOpen(true)}>
        {[...receiptStates.map(line), silent > 0 && t('chat.silent', { count: silent })]
          .filter(Boolean)
          .join(' · ') || t('chat.allAnswered')}
      </button>
      {silent > 0 && (
        <button
          type="button"
          className={classes.nudge}
          disabled={push.isPending}
          onClick={() => push.mutate(undefined)}
        >
          {t('chat.nudge')}
        </button>
      )}
      {open && (
        <Suspense fallback={null}>
          <MessageDialogs message={message} shown="receipts" onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}
