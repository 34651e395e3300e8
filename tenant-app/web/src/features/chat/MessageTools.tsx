// The way to what can be done with a message: a button beside it, and what it opens.
import { lazy, Suspense, useRef, useState } from 'react';
import { useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { useFocusBack } from '../../ui/useFocusBack';
import classes from './MessageTools.module.css';
import type { Message } from './model';

const MessageMenu = lazy(() => import('./MessageMenu'));
const MessageDialogs = lazy(() => import('./MessageDialogs'));

/** A window that an action opens. */
export type Window = 'edit' | 'recall' | 'forward' | 'receipts';

type Props = { message: Message; own: boolean; open: boolean; onOpen: (open: boolean) => void };

export function MessageTools({ message, own, open, onOpen }: Props) {
  const t = useT();
  const [shown, setShown] = useState<Window>();
  const button = useRef<HTMLButtonElement>(null);
  useFocusBack(button, open, shown !== undefined);
  const plain = (
    <button
      ref={button}
      type="button"
      className={classes.button}
      aria-label={t('chat.actions')}
      aria-haspopup="menu"
      onClick={() => onOpen(true)}
    >
      <Icon name="more" />
    </button>
  );
  return (
    <>
      {open ? (
        <Suspense fallback={plain}>
          <MessageMenu
            message={message}
            own={own}
            className={classes.button ?? ''}
            onClose={() => onOpen(false)}
            onWindow={setShown}
          />
        </Suspense>
      ) : (
        plain
      )}
      {shown && (
        <Suspense fallback={null}>
          <MessageDialogs message={message} shown={shown} onClose={() => setShown(undefined)} />
        </Suspense>
      )}
    </>
  );
}
