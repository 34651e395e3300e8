import { NativeSelect, PasswordInput, TextInput } from '@mantine/core';
import '@mantine/core/styles/PasswordInput.layer.css';
import { useState } from 'react';
import type { Schemas } from '../../api/types';
import { useT } from '../../i18n';
import type { Senders } from './queries';
import { Sender } from './Sender';

type Mail = Schemas['MailSender'];

const usual: Mail = { host: '', port: 587, security: 'starttls', from: '' };
const usualPorts: Record<Mail['security'], number> = { starttls: 587, tls: 465, none: 25 };

export function MailForm({ kept }: { kept: Senders }) {
  const t = useT();
  const [mail, setMail] = useState<Mail>(kept.mail ?? usual);
  const set = (change: Partial<Mail>) => setMail({ ...mail, ...change });
  const text = (name: 'host' | 'from' | 'user' | 'password') => ({
    label: t(`senders.${name}`),
    value: mail[name] ?? '',
    onChange: (event: { currentTarget: { value: string } }) => set({ [name]: event.currentTarget.value }),
    autoComplete: 'off',
  });
  return (
    <Sender
      kind="mail"
      on={kept.mail !== undefined}
      ready={mail.host !== '' && mail.from !== '' && mail.port > 0}
      onSaved={() => set({ password: '' })}
      typed={() => ({ ...kept, mail })}
      without={() => (kept.hooks ? { hooks: kept.hooks } : {})}
    >
      <TextInput {...text('host')} maxLength={253} />
      <NativeSelect
        label={t('senders.security')}
        value={mail.security}
        onChange={(event) => {
          const security = event.currentTarget.value as Mail['security'];
          set({ security, port: usualPorts[security] });
        }}
        data={[
          { value: 'starttls', label: t('senders.starttls') },
          { value: 'tls', label: t('senders.tls') },
          { value: 'none', label: t('senders.none') },
        ]}
      />
      <TextInput
        label={t('senders.port')}
        value={String(mail.port || '')}
        onChange={(event) => set({ port: Number(event.currentTarget.value.replace(/\D/g, '').slice(0, 5)) })}
        inputMode="numeric"
      />
      <TextInput {...text('from')} type="email" maxLength={254} />
      <TextInput {...text('user')} maxLength={254} />
      <PasswordInput
        {...text('password')}
        autoComplete="new-password"
        description={kept.mail ? t('senders.kept') : undefined}
        visibilityToggleButtonProps={{ 'aria-label': t('password.show') }}
        maxLength={500}
      />
    </Sender>
  );
}
