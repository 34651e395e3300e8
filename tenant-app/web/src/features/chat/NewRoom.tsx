// 发起聊天: one person is a chat, several are a group.
import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useMe } from '../../app/session';
import { useLanguage } from '../../i18n';
import { formatList } from '../../i18n/format';
import { Dialog } from '../../ui/Dialog';
import classes from './NewRoom.module.css';
import { PeoplePicker, type Picked } from './PeoplePicker';
import { useDirect, useOpenRoom } from './useDirect';

const namedInTitle = 4;

export default function NewRoom({ onClose }: { onClose: () => void }) {
  const { t, lang } = useLanguage();
  const me = useMe();
  const direct = useDirect();
  const open = useOpenRoom();
  const [picked, setPicked] = useState<Picked[]>([]);
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const group = picked.length > 1;
  const named = [me.name, ...picked.map((p) => p.name)].slice(0, namedInTitle);
  const suggested = formatList(lang, named);
  const start = async () => {
    setBusy(true);
    const first = picked[0];
    if (!group && first) {
      onClose();
      await direct(first.id);
      return;
    }
    const done = await open({
      kind: 'group',
      name: name.trim() || suggested,
      memberIds: picked.map((p) => p.id),
    });
    setBusy(false);
    if (!done) return;
  };
  return (
    <Dialog title={t('chat.new')} onClose={onClose}>
      <PeoplePicker picked={picked} onChange={setPicked} />
      {group && (
        <TextInput
          className={classes.name ?? ''}
          label={t('chat.groupName')}
          value={name}
          maxLength={64}
          placeholder={suggested}
          onChange={(event) => setName(event.currentTarget.value)}
        />
      )}
      <div className={classes.actions}>
        <Button variant="default" onClick={onClose}>
          {t('action.cancel')}
        </Button>
        <Button disabled={picked.length === 0} loading={busy} onClick={() => void start()}>
          {group ? t('chat.makeGroup', { count: picked.length + 1 }) : t('chat.start')}
        </Button>
      </div>
    </Dialog>
  );
}
