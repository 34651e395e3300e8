// One name to type: for departments and positions.
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { fieldMessages } from '../../api/problem';
import { type Key, useT } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { Form } from '../../ui/Form';
import { useChange } from '../directory/queries';

type Props = {
  title: string;
  label: string;
  name?: string;
  done: Key;
  save: (name: string) => Promise<unknown>;
  onClose: () => void;
};

export default function NameDialog({ title, label, name: first = '', done, save, onClose }: Props) {
  const t = useT();
  const [name, setName] = useState(first);
  const change = useChange(save, done, true);
  return (
    <Dialog title={title} onClose={onClose} size="sm" full={false}>
      <Form
        error={change.error}
        busy={change.isPending}
        submit={t('action.save')}
        onSubmit={() => change.mutate(name.trim(), { onSuccess: onClose })}
        onCancel={onClose}
        disabled={name.trim() === '' || name.trim() === first}
      >
        <TextInput
          label={label}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fieldMessages(change.error, t).name}
          data-autofocus
          autoComplete="off"
        />
      </Form>
    </Dialog>
  );
}
