// Chooses, looks at and sends a picture.
import { Button, FileButton } from '@mantine/core';
import { useEffect, useMemo, useState } from 'react';
import type { PersonDetail } from '../../../api/types';
import { type Key, useT } from '../../../i18n';
import { addressOf } from '../../../ui/address';
import { Dialog } from '../../../ui/Dialog';
import { Fault } from '../../../ui/Form';
import { Icon } from '../../../ui/Icon';
import { PersonAvatar } from '../../../ui/PersonAvatar';
import { useChange } from '../queries';
import classes from './AvatarDialog.module.css';
import { removeAvatar, setAvatar } from './changes';
import { cutSquare, isHeic } from './picture';

export default function AvatarDialog({ person, onClose }: { person: PersonDetail; onClose: () => void }) {
  const t = useT();
  const [picture, setPicture] = useState<Blob>();
  const [unreadable, setUnreadable] = useState<Key>();
  const [address, release] = useMemo(() => (picture ? addressOf(picture) : []), [picture]);
  useEffect(() => release, [release]);
  const save = useChange((blob: Blob) => setAvatar(person, blob), 'avatar.saved');
  const remove = useChange(() => removeAvatar(person), 'avatar.removed');

  const choose = (file: File | null) => {
    if (!file) return;
    setUnreadable(undefined);
    cutSquare(file).then(setPicture, () =>
      setUnreadable(isHeic(file) ? 'error.picture_heic' : 'error.picture_unreadable'),
    );
  };
  return (
    <Dialog title={t('avatar.change')} onClose={onClose} size="sm" full={false}>
      <div className={classes.body}>
        {unreadable && <Fault text={t(unreadable)} />}
        <PersonAvatar id={person.id} text={person.avatarText} src={address ?? person.avatar} size={160} />
        <p className={classes.hint}>{t('avatar.hint')}</p>
        <div className={classes.actions}>
          <FileButton accept="image/png,image/jpeg,image/webp" onChange={choose}>
            {(props) => (
              <Button
                {...props}
                variant={picture ? 'default' : 'filled'}
                leftSection={<Icon name="camera" size={16} />}
              >
                {t('avatar.choose')}
              </Button>
            )}
          </FileButton>
          {person.avatar && !picture && (
            <Button
              variant="default"
              loading={remove.isPending}
              onClick={() => remove.mutate(undefined, { onSuccess: onClose })}
            >
              {t('avatar.remove')}
            </Button>
          )}
          {picture && (
            <Button loading={save.isPending} onClick={() => save.mutate(picture, { onSuccess: onClose })}>
              {t('action.save')}
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  );
}
