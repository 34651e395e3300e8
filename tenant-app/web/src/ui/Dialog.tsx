// A window over the page; on a phone it is the page.
import { Modal } from '@mantine/core';
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
