// Names the heads of a department; the first one leads.
import { ActionIcon, Button } from '@mantine/core';
import { useState } from 'react';
import { explain } from '../../api/problem';
import type { Department } from '../../api/types';
import { useT } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { Fault } from '../../ui/Form';
import { Icon } from '../../ui/Icon';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { PersonPicker, type Picked } from '../directory/manage/PersonPicker';
import { useChange } from '../directory/queries';
import { setHeads } from './changes';
import classes from './Departments.module.css';

export default function HeadsDialog({
  department,
  onClose,
}: {
  department: Department;
  onClose: () => void;
}) {
  const t = useT();
  const [heads, setChosen] = useState<Picked[]>(department.heads);
  const save = useChange(
    () =>
      setHeads(
        department,
        heads.map((h) => h.id),
      ),
    'departments.headsSaved',
    true,
  );
  const swap = (i: number) => {
    const next = [...heads];
    const [moved] = next.splice(i, 1);
    if (moved) next.splice(i - 1, 0, moved);
    setChosen(next);
  };
  return (
    <Dialog title={t('departments.headsOf', { name: department.name })} onClose={onClose}>
      {save.error && <Fault text={explain(save.error, t)} />}
      <ol className={classes.heads}>
        {heads.map((head, i) => (
          <li key={head.id} className={classes.head}>
            <PersonAvatar id={head.id} text={head.name.slice(-2)} size={28} />
            <span>{head.name}</span>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              disabled={i === 0}
              aria-label={t('departments.headUp', { name: head.name })}
              onClick={() => swap(i)}
            >
              <Icon name="up" size={16} />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={t('departments.headRemove', { name: head.name })}
              onClick={() => setChosen(heads.filter((h) => h.id !== head.id))}
            >
              <Icon name="close" size={16} />
            </ActionIcon>
          </li>
        ))}
      </ol>
      <PersonPicker
        key={heads.length}
        label={t('departments.headAdd')}
        value={null}
        onPick={(person) => person && setChosen([...heads, person])}
        except={heads.map((h) => h.id)}
        placeholder={t('person.find')}
      />
      <div className={classes.actions}>
        <Button variant="default" onClick={onClose}>
          {t('action.cancel')}
        </Button>
        <Button loading={save.isPending} onClick={() => save.mutate(undefined, { onSuccess: onClose })}>
          {t('action.save')}
        </Button>
      </div>
    </Dialog>
  );
}
