// Adds an outsider, or changes what is known of one.
import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { fieldMessages } from '../../api/problem';
import type { Guest, Organisation } from '../../api/types';
import { type Key, useT } from '../../i18n';
import { Choice } from '../../ui/Choice';
import { Dialog } from '../../ui/Dialog';
import { Form } from '../../ui/Form';
import { Icon } from '../../ui/Icon';
import { KindChoice } from './KindChoice';
import { createGuest, createOrganisation, editGuest, organisationsQuery, useGuestChange } from './queries';
import { dayOf, endOf, inDays } from './until';

const usualDays = 90;
const mostDays = 366;

type Props = { guest?: Guest; onClose: () => void; onMade: (guest: Guest) => void };

export default function GuestDialog({ guest, onClose, onMade }: Props) {
  const t = useT();
  const [form, setForm] = useState({
    name: guest?.name ?? '',
    phone: guest?.phone ?? '',
    mail: guest?.mail ?? '',
    organisationId: guest?.organisation.id ?? '',
    day: guest ? dayOf(new Date(guest.until)) : inDays(usualDays),
  });
  const save = useGuestChange(
    () => {
      const { day, ...rest } = form;
      const body = { ...rest, name: form.name.trim(), until: endOf(day) };
      return guest ? editGuest(guest, body) : createGuest(body);
    },
    guest ? 'guests.saved' : undefined,
    true,
  );
  const faults = fieldMessages(save.error, t);
  const text = (field: 'name' | 'phone' | 'mail', label: Key) => (
    <TextInput
      label={t(label)}
      value={form[field]}
      onChange={(event) => setForm({ ...form, [field]: event.currentTarget.value })}
      error={faults[field]}
      autoComplete="off"
    />
  );
  return (
    <Dialog title={t(guest ? 'guests.edit' : 'guests.add')} onClose={onClose}>
      <Form
        error={save.error}
        busy={save.isPending}
        submit={t(guest ? 'action.save' : 'guests.addAndInvite')}
        disabled={form.name.trim() === '' || form.organisationId === '' || endOf(form.day) === ''}
        onSubmit={() => save.mutate(undefined, { onSuccess: onMade })}
        onCancel={onClose}
      >
        {text('name', 'person.name')}
        <OrganisationChoice
          value={form.organisationId}
          // What was typed while a new one was on its way stays.
          onPick={(organisationId) => setForm((now) => ({ ...now, organisationId }))}
          error={faults.organisationId}
        />
        {text('phone', 'person.phone')}
        {text('mail', 'person.mail')}
        <TextInput
          type="date"
          label={t('guests.day')}
          description={t('guests.dayHint')}
          value={form.day}
          min={inDays(1)}
          max={inDays(mostDays)}
          onChange={(event) => setForm({ ...form, day: event.currentTarget.value })}
          error={faults.until}
        />
      </Form>
    </Dialog>
  );
}

function OrganisationChoice({
  value,
  onPick,
  error,
}: {
  value: string;
  onPick: (id: string) => void;
  error: string | undefined;
}) {
  const t = useT();
  const { data } = useQuery(organisationsQuery);
  const [adding, setAdding] = useState(false);
  return (
    <>
      <Choice
        label={t('guests.organisation')}
        data={(data?.items ?? []).map((o) => ({
          value: o.id,
          label: `${o.name} · ${t(`guests.kind.${o.kind}` as Key)}`,
        }))}
        value={value || null}
        onChange={(id) => onPick(id ?? '')}
        error={error}
      />
      {adding ? (
        <NewOrganisation
          onMade={(made) => {
            onPick(made.id);
            setAdding(false);
          }}
        />
      ) : (
        <div>
          <Button
            variant="subtle"
            leftSection={<Icon name="plus" size={16} />}
            onClick={() => setAdding(true)}
          >
            {t('guests.newOrganisation')}
          </Button>
        </div>
      )}
    </>
  );
}

function NewOrganisation({ onMade }: { onMade: (organisation: Organisation) => void }) {
  const t = useT();
  const [name, setName] = useState('');
  const [kind, setKind] = useState<Organisation['kind']>('customer');
  const add = useGuestChange(createOrganisation, undefined, true);
  return (
    <fieldset style={{ margin: 0, padding: 12, border: '1px solid var(--at-border)', borderRadius: 12 }}>
      <legend>{t('guests.newOrganisation')}</legend>
      <TextInput
        label={t('guests.organisationName')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={fieldMessages(add.error, t).name}
        autoComplete="off"
      />
      <KindChoice value={kind} onPick={setKind} />
      <Button
        mt={10}
        variant="light"
        loading={add.isPending}
        disabled={name.trim() === ''}
        onClick={() => add.mutate({ name: name.trim(), kind }, { onSuccess: onMade })}
      >
        {t('guests.addOrganisation')}
      </Button>
    </fieldset>
  );
}
