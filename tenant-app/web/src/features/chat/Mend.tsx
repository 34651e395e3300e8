// What was refused can be sent again, mended, copied or given up.
import { useT } from '../../i18n';
import { discard, tryAgain } from '../../offline/outbox';
import { ActionMenu } from '../../ui/ActionMenu';
import { useCopy } from '../../ui/copy';
import { useConversation } from './conversation';
import type { Pending } from './outgoing';

export default function Mend({ pending: { entry, draft } }: { pending: Pending }) {
  const t = useT();
  const copy = useCopy();
  const { compose } = useConversation();
  const give = () => void discard([entry.opId]);
  return (
    <ActionMenu
      label={t('chat.mend')}
      actions={[
        { label: t('outbox.again'), icon: 'refresh', run: () => void tryAgain(entry.opId) },
        ...(draft.text
          ? [
              {
                label: t('outbox.mend'),
                icon: 'edit' as const,
                run: () => {
                  compose(draft.text);
                  give();
                },
              },
              { label: t('chat.copy'), icon: 'copy' as const, run: () => void copy(draft.text) },
            ]
          : []),
        { label: t('outbox.discard'), icon: 'trash', run: give, danger: true },
      ]}
    />
  );
}
