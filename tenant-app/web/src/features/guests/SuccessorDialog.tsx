// Names who looks after an outsider from now on, or after all of the same 对接人.
import { Checkbox } from '@mantine/core';
import '@mantine/core/styles/InlineInput.layer.css';
import '@mantine/core/styles/Checkbox.layer.css';
import '@mantine/core/styles/CheckboxIndicator.layer.css';
import { useState } from 'react';
import type { Guest } from '../../api/types';
import { useT } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { Form } from '../../ui/Form';
import { PersonPicker, type Picked } from '../directory/manage/PersonPicker';
import { handOver, setLiaison, useGuestChange } from './queries';

export default function SuccessorDialog({ guest, onClose }: { guest: Guest; onClose: () => void }) {
  const t = useT();
  const [to, setTo] = useState<Picked | null>(null);
  const [all, setAll] = useState(false);
  const change = useGuestChange(
    async (person: string) => {
      if (all) await handOver(guest.liaison.id, person);
      else await setLiaison(guest, person);
    },
    'guests.handedOver',
    true,
  );
  return (
    <Dialog title={t('guests.successor')} onClose={onClose} size="sm" full={false}>
      <Form
        error={change.error}
        busy={change.isPending}
        submit={t('guests.handOver')}
        disabled={!to}
        onSubmit={() => to && change.mutate(to.id, { onSuccess: onClose })}
        onCancel={onClose}
      >
        <PersonPicker
          label={t('guests.newLiaison')}
          value={to}
          onPick={setTo}
          except={[guest.liaison.id]}
          placeholder={t('person.find')}
        />
        <Checkbox
          checked={all}
          onChange={(event) => setAll(event.currentTarget.checked)}
          label={t('guests.allOf', { name: guest.liaison.name })}
        />
      </Form>
    </Dialog>
  );
}
