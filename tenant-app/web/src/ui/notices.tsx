// Short messages at the edge of the page. Each is read out; those with an action stay until used.
import { Button, CloseButton } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { useT } from '../i18n';
import classes from './notices.module.css';

export type Notice = {
  id: number;
  text: string;
  tone: 'good' | 'bad' | 'plain';
  action?: { label: string; run: () => void };
};

const shownMs = 5_000;
let notices: Notice[] = [];
let last = 0;
const listeners = new Set<() => void>();

function change(next: Notice[]) {
  notices = next;
  for (const listener of listeners) listener();
}

export function dismiss(id: number) {
  change(notices.filter((n) => n.id !== id));
}

/** Shows a message and gives its id. */
export function notify(notice: Omit<Notice, 'id'>): number {
  last += 1;
  const id = last;
  change([...notices.filter((n) => n.text !== notice.text), { ...notice, id }].slice(-3));
  if (!notice.action) setTimeout(() => dismiss(id), shownMs);
  return id;
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Notices() {
  const t = useT();
  const shown = useSyncExternalStore(subscribe, () => notices);
  return (
    <section className={classes.stack} aria-live="polite" aria-label={t('shell.notices')}>
      {shown.map((n) => (
        <div key={n.id} className={classes.notice} data-tone={n.tone}>
          <span className={classes.text}>{n.text}</span>
          {n.action && (
            <Button
              size="compact-sm"
              variant="light"
              onClick={() => {
                dismiss(n.id);
                n.action?.run();
              }}
            >
              {n.action.label}
            </Button>
          )}
          <CloseButton size="sm" aria-label={t('action.close')} onClick={() => dismiss(n.id)} />
        </div>
      ))}
    </section>
  );
}
