import { PasswordInput, TextInput } from '@mantine/core';
import '@mantine/core/styles/PasswordInput.layer.css';
import { useState } from 'react';
import { useT } from '../../i18n';
import type { Senders } from './queries';
import { Sender } from './Sender';

export function HookForm({ kind, kept }: { kind: 'wecom' | 'dingtalk' | 'feishu' | 'sms'; kept: Senders }) {
  const t = useT();
  const was = kept.hooks?.[kind];
  const [url, setUrl] = useState(was?.url ?? '');
  const [secret, setSecret] = useState('');
  return (
    <Sender
      kind={kind}
      on={was !== undefined}
      ready={url.trim() !== '' && (secret !== '' || url.trim() === was?.url)}
      onSaved={() => setSecret('')}
      typed={() => ({ ...kept, hooks: { ...kept.hooks, [kind]: { url: url.trim(), secret } } })}
      without={() => {
        const { [kind]: _, ...hooks } = kept.hooks ?? {};
        return { ...kept, hooks };
      }}
    >
      <TextInput
        label={t('senders.url')}
        description={t('senders.urlHint')}
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
        type="url"
        maxLength={2000}
        autoComplete="off"
      />
      <PasswordInput
        label={t('senders.secret')}
        description={t(was ? 'senders.kept' : 'senders.secretHint')}
        value={secret}
        onChange={(event) => setSecret(event.currentTarget.value)}
        visibilityToggleButtonProps={{ 'aria-label': t('password.show') }}
        maxLength={500}
        autoComplete="new-password"
      />
    </Sender>
  );
}
