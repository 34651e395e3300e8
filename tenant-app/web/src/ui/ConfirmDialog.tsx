// A question before something that is not easily undone.
import { Button } from '@mantine/core';
import { useT } from '../i18n';
import { Dialog } from './Dialog';
import classes from './Dialog.module.css';

export type ConfirmProps = {
  title: string;
  text: string;
  confirm: string;
  danger?: boolean;
  busy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
};

export default function ConfirmDialog({
  title,
  text,
  confirm,
  danger = false,
  busy = false,
  onConfirm,
  onClose,
}: ConfirmProps) {
  const t = useT();
  return (
    <Dialog title={title} onClose={onClose} size="sm" full={false}>
      <p className={classes.text}>{text}</p>
      <div className={classes.actions}>
        <Button variant="default" onClick={onClose}>
          {t('action.cancel')}
        </Button>
        <Button {...(danger ? { color: 'red.9' } : {})} loading={busy} onClick={onConfirm} data-autofocus>
          {confirm}
        </Button>
      </div>
    </Dialog>
  );
}
