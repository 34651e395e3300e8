// The submitter names who decides at a step.
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useLanguage } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { PeoplePicker, type Picked } from '../chat/PeoplePicker';
import classes from './ActDialog.module.css';
import { type Step, said } from './model';

type Props = { step: Step; onDone: (people: string[]) => void; onClose: () => void };

export default function ChooseDialog({ step, onDone, onClose }: Props) {
  const { t, lang } = useLanguage();
  const [picked, setPicked] = useState<Picked[]>(
    step.people.map((p) => ({ id: p.id, name: p.name, avatarText: p.avatarText, avatar: p.avatar })),
  );
  return (
    <Dialog title={t('approval.chooseFor', { name: said(step.name, lang) })} onClose={onClose}>
      <PeoplePicker
        picked={picked}
        onChange={(people) => setPicked(people.slice(0, step.choose ?? people.length))}
      />
      <p className={classes.text}>{t('approval.most', { count: step.choose ?? 0 })}</p>
      <Button fullWidth onClick={() => onDone(picked.map((p) => p.id))}>
        {t('approval.choosePeople', { count: picked.length })}
      </Button>
    </Dialog>
  );
}
