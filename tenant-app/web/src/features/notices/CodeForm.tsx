// The code that came by a way is typed in.
import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useT } from '../../i18n';
import { guardEnter } from '../../ui/ime';
import classes from './Notices.module.css';

type Props = { hint: string; busy: boolean; error: string | undefined; onCode: (code: string) => void };

export function CodeForm({ hint, busy, error, onCode }: Props) {
  const t = useT();
  const [code, setCode] = useState('');
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (code.trim() !== '' && !busy) onCode(code.trim());
  };
  return (
    <form onSubmit={send} onKeyDown={guardEnter} className={classes.form}>
      <TextInput
        className={classes.grow ?? ''}
        label={t('notices.code')}
        description={hint}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        error={error}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={20}
      />
      <Button type="submit" loading={busy} disabled={code.trim() === ''}>
        {t('notices.confirm')}
      </Button>
    </form>
  );
}
