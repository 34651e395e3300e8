// 待同步: what waits to be sent, and what was refused.
import { Button } from '@mantine/core';
import { useState } from 'react';
import { ApiError, explain } from '../../api/problem';
import { type Key, type Translate, useT } from '../../i18n';
import { discard, type Entry, isParked, tryAgain, useOutbox } from '../../offline/outbox';
import { Confirm } from '../../ui/Confirm';
import { useCopy } from '../../ui/copy';
import { Icon } from '../../ui/Icon';
import panel from '../../ui/Panel.module.css';
import { Blank } from '../../ui/states';

/** What kinds are called; a kind that this page does not know is work of a newer one. */
const names: Record<string, Key> = {
  'chat.post': 'outbox.kind.message',
  'chat.receipt': 'outbox.kind.receipt',
  'approval.submit': 'approval.outboxForm',
  'approval.mend': 'approval.outboxForm',
  'approval.act': 'approval.outboxAct',
  'desk.submit': 'desk.one',
};

/** The words in it, if it has any. */
function textOf(entry: Entry): string {
  const body = entry.body as { draft?: { text?: string }; comment?: string; text?: string };
  return body.draft?.text || body.text || body.comment || entry.blobs.map((b) => b.name).join(' ');
}

function stateOf(entry: Entry, t: Translate): string {
  const parked = entry.fate?.parked;
  if (!parked) return t('outbox.waits');
  return explain(new ApiError(parked.status, parked.code, { params: parked.params }), t);
}

export function Outbox() {
  const t = useT();
  const entries = useOutbox().filter((e) => e.kind !== 'chat.read');
  const [giving, setGiving] = useState<Entry>();
  if (entries.length === 0)
    return <Blank icon="check" title={t('outbox.empty')} text={t('outbox.emptyHint')} />;
  return (
    <div className={panel.panel}>
      <p className={panel.hint}>{t('outbox.hint')}</p>
      <ul className={panel.rows}>
        {entries.map((entry) => (
          <Row key={entry.opId} entry={entry} onGive={() => setGiving(entry)} />
        ))}
      </ul>
      {giving && (
        <Confirm
          title={t('outbox.discard')}
          text={t('outbox.discardText')}
          confirm={t('outbox.discard')}
          danger
          onConfirm={() => {
            void discard([giving.opId]);
            setGiving(undefined);
          }}
          onClose={() => setGiving(undefined)}
        />
      )}
    </div>
  );
}

function Row({ entry, onGive }: { entry: Entry; onGive: () => void }) {
  const t = useT();
  const copy = useCopy();
  const text = textOf(entry);
  const refused = isParked(entry);
  return (
    <li className={panel.row} style={{ flexWrap: 'wrap' }}>
      <Icon name={refused ? 'alert' : 'clock'} size={20} />
      <span className={panel.main} style={{ flexBasis: '12rem' }}>
        {t(names[entry.kind] ?? 'outbox.kind.other')}
        {text && <span className={panel.sub}>{text}</span>}
        <span className={panel.sub} style={refused ? { color: 'var(--at-danger)' } : undefined}>
          {stateOf(entry, t)}
        </span>
      </span>
      <span style={{ display: 'flex', gap: 8, marginInlineStart: 'auto' }}>
        {refused && (
          <Button variant="light" onClick={() => void tryAgain(entry.opId)}>
            {t('outbox.again')}
          </Button>
        )}
        {text && (
          <Button variant="subtle" onClick={() => void copy(text)}>
            {t('chat.copy')}
          </Button>
        )}
        <Button variant="subtle" color="gray" onClick={onGive}>
          {t('outbox.discard')}
        </Button>
      </span>
    </li>
  );
}
