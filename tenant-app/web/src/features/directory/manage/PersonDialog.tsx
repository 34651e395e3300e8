// Adds or changes a person.
import { TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useLocation } from 'wouter';
import { fieldMessages, isStale } from '../../../api/problem';
import type { PersonDetail } from '../../../api/types';
import { useT } from '../../../i18n';
import { Dialog } from '../../../ui/Dialog';
import { Form } from '../../../ui/Form';
import { Conflict } from '../../../ui/states';
import { personQuery, useChange } from '../queries';
import { createPerson, editPerson, movePerson } from './changes';
import classes from './PersonDialog.module.css';
import { editOf, formOf, newPersonOf, type PersonForm, postsChanged, postsOf } from './personForm';

// Lists to choose from weigh half of the window: a name can be typed before they are there.
const PersonPicker = lazy(() => import('./PersonPicker').then((m) => ({ default: m.PersonPicker })));
const PostsEditor = lazy(() => import('./PostsEditor').then((m) => ({ default: m.PostsEditor })));

type Props = { person?: PersonDetail; department?: string | undefined; onClose: () => void };

async function save(
  person: PersonDetail | undefined,
  before: PersonForm,
  form: PersonForm,
): Promise<PersonDetail> {
  if (!person) return createPerson(newPersonOf(form));
  const edit = editOf(before, form);
  const saved = Object.keys(edit).length > 0 ? await editPerson(person, edit) : person;
  return postsChanged(before, form) ? movePerson(saved, postsOf(form)) : saved;
}

export default function PersonDialog({ person: opened, department, onClose }: Props) {
  const t = useT();
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [person, setPerson] = useState(opened);
  const [before, setBefore] = useState(() => formOf(opened, department));
  const [form, setForm] = useState(before);
  const change = useChange(
    (base: PersonDetail | undefined) => save(base, before, form),
    'person.saved',
    true,
  );

  const send = (base: PersonDetail | undefined) =>
    change.mutate(base, {
      onSuccess: (saved) => {
        client.setQueryData(personQuery(saved.id).queryKey, saved);
        onClose();
        if (!opened)
          navigate(
            `/directory${saved.posts[0] ? `/${saved.posts[0].department.id}` : ''}?person=${saved.id}`,
          );
      },
    });
  const latest = async () =>
    person ? client.fetchQuery({ ...personQuery(person.id), staleTime: 0 }) : undefined;
  const takeTheirs = async () => {
    const theirs = await latest();
    if (!theirs) return;
    setPerson(theirs);
    setBefore(formOf(theirs, undefined));
    setForm(formOf(theirs, undefined));
    change.reset();
  };
  const keepMine = async () => {
    const theirs = await latest();
    setPerson(theirs);
    send(theirs);
  };

  return (
    <Dialog title={t(opened ? 'person.edit' : 'directory.add')} onClose={onClose} size="lg">
      {isStale(change.error) ? (
        <Conflict onTheirs={() => void takeTheirs()} onMine={() => void keepMine()} busy={change.isPending} />
      ) : (
        <Form
          error={change.error}
          busy={change.isPending}
          submit={t('action.save')}
          onSubmit={() => send(person)}
          onCancel={onClose}
          disabled={form.name.trim() === ''}
        >
          <Fields
            form={form}
            onChange={(part) => setForm({ ...form, ...part })}
            messages={fieldMessages(change.error, t)}
            id={person?.id}
          />
        </Form>
      )}
    </Dialog>
  );
}

type FieldsProps = {
  form: PersonForm;
  onChange: (part: Partial<PersonForm>) => void;
  messages: Record<string, string>;
  id: string | undefined;
};

function Fields({ form, onChange, messages, id }: FieldsProps) {
  const t = useT();
  const text = (field: 'name' | 'staffNo' | 'phone' | 'mail' | 'hiredOn' | 'sort') => ({
    value: form[field],
    onChange: (event: { currentTarget: { value: string } }) =>
      onChange({ [field]: event.currentTarget.value }),
    error: messages[field],
    autoComplete: 'off',
  });
  return (
    <>
      <div className={classes.grid}>
        <TextInput label={t('person.name')} required data-autofocus {...text('name')} />
        <TextInput label={t('person.staffNo')} {...text('staffNo')} />
        <TextInput label={t('person.phone')} type="tel" inputMode="tel" {...text('phone')} />
        <TextInput label={t('person.mail')} type="email" inputMode="email" {...text('mail')} />
      </div>
      <Suspense fallback={null}>
        <PostsEditor drafts={form.posts} onChange={(posts) => onChange({ posts })} error={messages.posts} />
        <div className={classes.grid}>
          <PersonPicker
            label={t('person.manager')}
            value={form.manager}
            onPick={(manager) => onChange({ manager })}
            except={id ? [id] : []}
            placeholder={t('person.find')}
            error={messages.managerId}
          />
          <TextInput label={t('person.hiredOn')} type="date" {...text('hiredOn')} />
          <TextInput
            label={t('person.sort')}
            description={t('person.sortHint')}
            inputMode="numeric"
            {...text('sort')}
          />
        </div>
      </Suspense>
    </>
  );
}
