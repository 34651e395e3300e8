// Above the page: no network, and what waits for it or was refused.
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { useT } from '../i18n';
import { useUnsent } from '../offline/outbox';
import { Icon } from '../ui/Icon';
import { useOnline } from '../ui/media';
import classes from './StateBar.module.css';

/** Sending takes a moment: what is gone soon is not worth a word. */
const patienceMs = 3_000;

export function StateBar() {
  const t = useT();
  const online = useOnline();
  const { waiting, refused } = useUnsent();
  const long = useLong(waiting > 0);
  const tell = refused > 0 || (waiting > 0 && (long || !online));
  if (online && !tell) return null;
  return (
    <p className={classes.bar} role="status" data-refused={refused > 0 || undefined}>
      <Icon name={online ? 'sync' : 'offline'} size={16} />
      {!online && <span>{t('shell.offline')}</span>}
      {tell && (
        <Link href="/me/outbox">
          {refused > 0 ? t('outbox.refused', { count: refused }) : t('outbox.waiting', { count: waiting })}
        </Link>
      )}
    </p>
  );
}

function useLong(on: boolean): boolean {
  const [long, setLong] = useState(false);
  useEffect(() => {
    if (!on) {
      setLong(false);
      return;
    }
    const timer = setTimeout(() => setLong(true), patienceMs);
    return () => clearTimeout(timer);
  }, [on]);
  return long;
}
