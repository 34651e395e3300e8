// A window over the page; on a phone it is the page.
import { Button, Modal } from '@mantine/core';
import '@mantine/core/styles/Overlay.layer.css';
import '@mantine/core/styles/ModalBase.layer.css';
import '@mantine/core/styles/Modal.layer.css';
import '@mantine/core/styles/Paper.layer.css';
import type { ReactNode } from 'react';
import { useT } from '../i18n';
import classes from './Dialog.module.css';
import { usePhone } from './media';

type Props = {
  title: string;
  onClose: () => void;
  children: ReactNode;
  size?: 'sm' | 'md' | 'lg';
  full?: boolean;
};

export function Dialog({ title, onClose, children, size = 'md', full = true }: Props) {
  const t = useT();
  const phone = usePhone();
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size={size}
      centered
      fullScreen={phone && full}
      classNames={{ title: classes.title ?? '', body: classes.body ?? '' }}
      closeButtonProps={{ 'aria-label': t('action.close') }}
      transitionProps={{ duration: 120 }}
    >
      {children}
    </Modal>
  );
}

type ConfirmProps = {
  title: string;
  text: string;
  confirm: string;
  danger?: boolean;
  busy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
};

export function Confirm({
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
