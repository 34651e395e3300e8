// Adds an organisation, or changes its name and kind.
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { fieldMessages } from '../../api/problem';
import type { Organisation } from '../../api/types';
import { useT } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { Form } from '../../ui/Form';
import { KindChoice } from './KindChoice';
import { createOrganisation, editOrganisation, useGuestChange } from './queries';

type Props = { organisation: Organisation | undefined; onClose: () => void };

export default function OrganisationDialog({ organisation, onClose }: Props) {
  const t = useT();
  const [name, setName] = useState(organisation?.name ?? '');
  const [kind, setKind] = useState<Organisation['kind']>(organisation?.kind ?? 'customer');
  const save = useGuestChange(
    () => {
      const body = { name: name.trim(), kind };
      return organisation ? editOrganisation(organisation, body) : createOrganisation(body);
    },
    'guests.saved',
    true,
  );
  return (
    <Dialog
      title={t(organisation ? 'guests.editOrganisation' : 'guests.newOrganisation')}
      onClose={onClose}
      size="sm"
      full={false}
    >
      <Form
        error={save.error}
        busy={save.isPending}
        submit={t('action.save')}
        disabled={name.trim() === ''}
        onSubmit={() => save.mutate(undefined, { onSuccess: onClose })}
        onCancel={onClose}
      >
        <TextInput
          label={t('guests.organisationName')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fieldMessages(save.error, t).name}
          data-autofocus
          autoComplete="off"
        />
        <KindChoice value={kind} onPick={setKind} />
      </Form>
    </Dialog>
  );
}
