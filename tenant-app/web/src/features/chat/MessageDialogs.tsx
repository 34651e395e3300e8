// The windows that the actions of a message open.
import { Textarea } from '@mantine/core';
import { useState } from 'react';
import { useT } from '../../i18n';
import { Confirm } from '../../ui/Confirm';
import { Dialog } from '../../ui/Dialog';
import { Form } from '../../ui/Form';
import { editMessage, recallMessage } from './api';
import { useConversation } from './conversation';
import { ForwardDialog } from './ForwardDialog';
import type { Window } from './MessageTools';
import type { Message } from './model';
import { ReceiptsDialog } from './ReceiptsDialog';
import { useMessageChange } from './useActions';

type Props = { message: Message; onClose: () => void };

export default function MessageDialogs({ message, shown, onClose }: Props & { shown: Window }) {
  if (shown === 'edit') return <Edit message={message} onClose={onClose} />;
  if (shown === 'recall') return <Recall message={message} onClose={onClose} />;
  if (shown === 'forward') return <ForwardDialog messages={[message]} onClose={onClose} />;
  return <ReceiptsDialog message={message} onClose={onClose} />;
}

function Edit({ message, onClose }: Props) {
  const t = useT();
  const [text, setText] = useState(message.text);
  const change = useMessageChange(() => editMessage(message.id, text.trim()));
  return (
    <Dialog title={t('chat.edit')} onClose={onClose}>
      <Form
        error={change.error}
        busy={change.isPending}
        submit={t('action.save')}
        onSubmit={() => change.mutate(undefined, { onSuccess: onClose })}
        onCancel={onClose}
        disabled={text.trim() === '' || text.trim() === message.text}
      >
        <Textarea
          aria-label={t('chat.text')}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          autosize
          minRows={3}
          maxRows={12}
          maxLength={10_000}
          data-autofocus
        />
      </Form>
    </Dialog>
  );
}

function Recall({ message, onClose }: Props) {
  const t = useT();
  const { compose } = useConversation();
  // The message is gone from the page before a callback of this window would run.
  const change = useMessageChange(async () => {
    await recallMessage(message.id);
    if (message.kind === 'text') compose(message.text);
  });
  return (
    <Confirm
      title={t('chat.recall')}
      text={t('chat.recallText')}
      confirm={t('chat.recall')}
      danger
      busy={change.isPending}
      onConfirm={() => change.mutate(undefined, { onSettled: onClose })}
      onClose={onClose}
    />
  );
}
