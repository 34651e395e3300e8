// What all forms share: Enter inside an input method does not submit, faults stand at the top and at their inputs.
import { Button } from '@mantine/core';
import type { FormEvent, ReactNode } from 'react';
import { explain, fieldMessages } from '../api/problem';
import { useT } from '../i18n';
import classes from './Form.module.css';
import { Icon } from './Icon';
import { guardEnter } from './ime';

type Props = {
  children: ReactNode;
  error: unknown;
  busy: boolean;
  submit: string;
  onSubmit: () => void;
  onCancel?: () => void;
  disabled?: boolean;
  /** Another way to leave the form, beside its button. */
  besides?: ReactNode;
};

export function Form({
  children,
  error,
  busy,
  submit,
  onSubmit,
  onCancel,
  disabled = false,
  besides,
}: Props) {
  const t = useT();
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!busy) onSubmit();
  };
  return (
    <form className={classes.form} onSubmit={send} onKeyDown={guardEnter} noValidate>
      {error ? <Fault text={faultText(error, t)} /> : null}
      {children}
      <div className={classes.actions}>
        {besides}
        {onCancel && (
          <Button variant="default" onClick={onCancel}>
            {t('action.cancel')}
          </Button>
        )}
        <Button type="submit" loading={busy} disabled={disabled}>
          {submit}
        </Button>
      </div>
    </form>
  );
}

/** Faults of single inputs stand there; the top says that there are some, or what else went wrong. */
function faultText(error: unknown, t: ReturnType<typeof useT>): string {
  const fields = Object.values(fieldMessages(error, t));
  return fields.length > 1 ? t('error.fields', { count: fields.length }) : (fields[0] ?? explain(error, t));
}

export function Fault({ text }: { text: string }) {
  return (
    <p className={classes.fault} role="alert">
      <Icon name="alert" size={16} />
      {text}
    </p>
  );
}
