// Gives an outsider access again, until a day.
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { fieldMessages } from '../../api/problem';
import type { Guest } from '../../api/types';
import { useT } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { Form } from '../../ui/Form';
import { resumeGuest, useGuestChange } from './queries';
import { endOf, inDays } from './until';

const usualDays = 90;

export default function ResumeDialog({ guest, onClose }: { guest: Guest; onClose: () => void }) {
  const t = useT();
  const [day, setDay] = useState(inDays(usualDays));
  const resume = useGuestChange(() => resumeGuest(guest, endOf(day)), 'guests.resumed', true);
  return (
    <Dialog title={t('guests.resume')} onClose={onClose} size="sm" full={false}>
      <Form
        error={resume.error}
        busy={resume.isPending}
        submit={t('guests.resume')}
        disabled={endOf(day) === ''}
        onSubmit={() => resume.mutate(undefined, { onSuccess: onClose })}
        onCancel={onClose}
      >
        <TextInput
          type="date"
          label={t('guests.day')}
          value={day}
          min={inDays(1)}
          onChange={(event) => setDay(event.currentTarget.value)}
          error={fieldMessages(resume.error, t).until}
        />
      </Form>
    </Dialog>
  );
}
