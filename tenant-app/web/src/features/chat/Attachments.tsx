// Files that will go with the message.
import { useEffect, useState } from 'react';
import { useLanguage } from '../../i18n';
import { formatSize } from '../../i18n/format';
import type { OutboxBlob } from '../../offline/outbox';
import { addressOf } from '../../ui/address';
import { Icon } from '../../ui/Icon';
import classes from './Attachments.module.css';

type Props = { files: OutboxBlob[]; onChange: (files: OutboxBlob[]) => void };

export function Attachments({ files, onChange }: Props) {
  const { t, lang } = useLanguage();
  if (files.length === 0) return null;
  return (
    <ul className={classes.files} aria-label={t('chat.attachments')}>
      {files.map((file) => (
        <li key={file.id}>
          {file.type.startsWith('image/') ? <Thumb file={file} /> : <Icon name="file" />}
          <span>
            {file.name}
            <small>{formatSize(lang, file.data.size)}</small>
          </span>
          <button
            type="button"
            aria-label={t('chat.removeFile', { name: file.name })}
            onClick={() => onChange(files.filter((f) => f !== file))}
          >
            <Icon name="close" size={16} />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Thumb({ file }: { file: OutboxBlob }) {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    const [made, release] = addressOf(file.data);
    setAddress(made);
    return release;
  }, [file]);
  return address ? <img src={address} alt="" width={40} height={40} /> : null;
}
