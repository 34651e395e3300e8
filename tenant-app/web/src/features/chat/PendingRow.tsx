// A message that the server does not have yet: on its way, waiting for the network, or refused.
import { lazy, Suspense, useEffect, useState } from 'react';
import { ApiError, explain } from '../../api/problem';
import { useT } from '../../i18n';
import { isParked } from '../../offline/outbox';
import { addressOf } from '../../ui/address';
import { Icon } from '../../ui/Icon';
import { useOnline } from '../../ui/media';
import { FileLine, Picture, Voice } from './Files';
import row from './MessageRow.module.css';
import type { Pending } from './outgoing';
import classes from './PendingRow.module.css';
import { saidOf } from './rows';
import { lineOf } from './sentences';
import { Words } from './Words';

const Mend = lazy(() => import('./Mend'));

export function PendingRow({ pending, head }: { pending: Pending; head: boolean }) {
  const t = useT();
  const { draft, entry } = pending;
  return (
    <article className={row.row} data-own data-head={head || undefined} data-testid="pending">
      <div className={row.column}>
        <div className={row.line}>
          <div className={row.bubble} data-waiting data-plain={draft.kind === 'picture' || undefined}>
            {draft.quote && (
              <span className={row.quote}>
                <b>{draft.quote.author?.name}</b> {lineOf(saidOf(draft.quote), t)}
              </span>
            )}
            <Blobs pending={pending} />
            {draft.text && draft.kind !== 'voice' && (
              <Words text={draft.text} mentions={draft.mentions} all={draft.all} />
            )}
          </div>
          {isParked(entry) && (
            <Suspense fallback={null}>
              <Mend pending={pending} />
            </Suspense>
          )}
        </div>
        <State pending={pending} />
      </div>
    </article>
  );
}

function State({ pending: { entry } }: { pending: Pending }) {
  const t = useT();
  const online = useOnline();
  const parked = entry.fate?.parked;
  if (parked) {
    const error = new ApiError(parked.status, parked.code, { params: parked.params });
    return (
      <span className={classes.failed} role="alert">
        <Icon name="alert" size={14} /> {t('chat.failed', { reason: explain(error, t) })}
      </span>
    );
  }
  return (
    <span className={classes.waiting}>
      <Icon name="clock" size={12} /> {t(online ? 'chat.sending' : 'chat.waiting')}
    </span>
  );
}

/** Addresses of files that exist only here, as long as they are shown. */
function useAddresses(blobs: Pending['entry']['blobs']) {
  const [addresses, setAddresses] = useState<Record<string, string>>({});
  useEffect(() => {
    const made = blobs.map((b) => [b.id, ...addressOf(b.data)] as const);
    setAddresses(Object.fromEntries(made));
    return () => {
      for (const [, , release] of made) release();
    };
  }, [blobs]);
  return addresses;
}

function Blobs({ pending: { entry, draft } }: { pending: Pending }) {
  const addresses = useAddresses(entry.blobs);
  return entry.blobs.map((blob) => {
    const file = { id: blob.id, name: blob.name, type: blob.type, size: blob.data.size };
    const src = addresses[blob.id];
    if (draft.kind === 'picture' && src) return <Picture key={blob.id} file={file} src={src} />;
    if (draft.kind === 'voice' && src)
      return <Voice key={blob.id} file={file} length={draft.text} src={src} />;
    return <FileLine key={blob.id} file={file} busy />;
  });
}
