import { PasswordInput } from '@mantine/core';
import '@mantine/core/styles/PasswordInput.layer.css';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '../../api/client';
import { fieldMessages } from '../../api/problem';
import { useMe } from '../../app/session';
import { useT } from '../../i18n';
import { Form } from '../../ui/Form';
import { notify } from '../../ui/notices';
import panel from '../../ui/Panel.module.css';
import classes from './MePage.module.css';

const empty = { current: '', password: '', again: '' };

export function Password() {
  const t = useT();
  const me = useMe();
  const [form, setForm] = useState(empty);
  const change = useMutation({
    mutationFn: () =>
      take(api.POST('/api/v1/me/password', { body: { current: form.current, password: form.password } })),
    onSuccess: () => {
      setForm(empty);
      notify({ tone: 'good', text: t('password.changed') });
    },
  });
  const messages = fieldMessages(change.error, t);
  const different = form.again !== '' && form.again !== form.password;
  const input = (field: keyof typeof empty) => ({
    value: form[field],
    onChange: (event: { currentTarget: { value: string } }) =>
      setForm({ ...form, [field]: event.currentTarget.value }),
    visibilityToggleButtonProps: { 'aria-label': t('password.show') },
  });
  return (
    <div className={panel.panel}>
      <p className={panel.hint}>{t('password.hint')}</p>
      <div className={classes.narrow}>
        <Form
          error={change.error}
          busy={change.isPending}
          submit={t('password.change')}
          onSubmit={() => change.mutate()}
          disabled={form.current === '' || form.password === '' || form.again !== form.password}
        >
          <input type="text" name="username" autoComplete="username" value={me.name} readOnly hidden />
          <PasswordInput
            label={t('password.current')}
            autoComplete="current-password"
            error={messages.current}
            {...input('current')}
          />
          <PasswordInput
            label={t('password.new')}
            description={t('password.rule')}
            autoComplete="new-password"
            error={messages.password}
            {...input('password')}
          />
          <PasswordInput
            label={t('password.again')}
            autoComplete="new-password"
            error={different ? t('error.password_mismatch') : undefined}
            {...input('again')}
          />
        </Form>
      </div>
    </div>
  );
}
