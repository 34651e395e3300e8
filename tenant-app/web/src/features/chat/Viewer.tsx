// A picture at its full size.
import { Modal } from '@mantine/core';
import '@mantine/core/styles/Overlay.layer.css';
import '@mantine/core/styles/ModalBase.layer.css';
import '@mantine/core/styles/Modal.layer.css';
import '@mantine/core/styles/Paper.layer.css';
import { useT } from '../../i18n';
import { fileAddress } from './Files';
import type { FileRef } from './model';
import classes from './Viewer.module.css';

type Props = { file: FileRef; src?: string | undefined; onClose: () => void };

export default function Viewer({ file, src, onClose }: Props) {
  const t = useT();
  return (
    <Modal
      opened
      onClose={onClose}
      fullScreen
      title={file.name}
      closeButtonProps={{ 'aria-label': t('action.close') }}
      classNames={{ body: classes.body ?? '', content: classes.content ?? '' }}
      transitionProps={{ duration: 100 }}
    >
      <img src={src ?? fileAddress(file)} alt={file.name} className={classes.picture} />
      {!src && (
        <a href={fileAddress(file)} download={file.name} className={classes.save}>
          {t('chat.download')}
        </a>
      )}
    </Modal>
  );
}
