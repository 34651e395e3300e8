// Instead of the composer while messages are being chosen.
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useT } from '../../i18n';
import { useConversation } from './conversation';
import { ForwardDialog } from './ForwardDialog';
import classes from './SelectionBar.module.css';

export default function SelectionBar() {
  const t = useT();
  const { selected, select } = useConversation();
  const [open, setOpen] = useState<'each' | 'merged'>();
  const messages = [...(selected?.values() ?? [])].sort((a, b) => a.seq - b.seq);
  const end = () => select(undefined);
  return (
    <div className={classes.bar} role="toolbar" aria-label={t('chat.select')}>
      <span>{t('chat.selected', { count: messages.length })}</span>
      <Button variant="light" disabled={messages.length === 0} onClick={() => setOpen('each')}>
        {t('chat.forwardEach')}
      </Button>
      <Button variant="light" disabled={messages.length < 2} onClick={() => setOpen('merged')}>
        {t('chat.forwardMerged')}
      </Button>
      <Button variant="default" onClick={end}>
        {t('action.cancel')}
      </Button>
      {open && (
        <ForwardDialog
          messages={messages}
          merged={open === 'merged'}
          onDone={end}
          onClose={() => setOpen(undefined)}
        />
      )}
    </div>
  );
}
