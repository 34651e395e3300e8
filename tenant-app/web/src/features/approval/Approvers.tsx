// Who would decide, before a form is sent; where the submitter names them, they are chosen here.
import { Button, Input } from '@mantine/core';
import { useState } from 'react';
import { useLanguage } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/Icon';
import { PeoplePicker, type Picked } from '../chat/PeoplePicker';
import classes from './FormPage.module.css';
import { type Approvers as Chosen, type Step, said } from './model';
import { Coming } from './Timeline';
import line from './Timeline.module.css';

type Props = {
  steps: Step[];
  chosen: Chosen;
  onChange: (chosen: Chosen) => void;
  fault: string | undefined;
};

export function Approvers({ steps, chosen, onChange, fault }: Props) {
  const { t, lang } = useLanguage();
  const [choosing, setChoosing] = useState<Step>();
  if (steps.length === 0) return null;
  return (
    <section className={classes.steps} aria-label={t('approval.steps')}>
      <h2>{t('approval.steps')}</h2>
      {fault && <Input.Error>{fault}</Input.Error>}
      <ol className={line.line}>
        {steps.map((step) => (
          <Coming key={step.node} step={step} />
        ))}
      </ol>
      {steps
        .filter((step) => step.choose)
        .map((step) => (
          <Button
            key={step.node}
            variant="light"
            leftSection={<Icon name="people" size={16} />}
            onClick={() => setChoosing(step)}
          >
            {t('approval.chooseFor', { name: said(step.name, lang) })}
          </Button>
        ))}
      {choosing && (
        <Choose
          step={choosing}
          onDone={(people) => {
            onChange({ ...chosen, [choosing.node]: people.map((p) => p.id) });
            setChoosing(undefined);
          }}
          onClose={() => setChoosing(undefined)}
        />
      )}
    </section>
  );
}

type ChooseProps = { step: Step; onDone: (people: Picked[]) => void; onClose: () => void };

function Choose({ step, onDone, onClose }: ChooseProps) {
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
      <p className={classes.most}>{t('approval.most', { count: step.choose ?? 0 })}</p>
      <Button fullWidth onClick={() => onDone(picked)}>
        {t('approval.choosePeople', { count: picked.length })}
      </Button>
    </Dialog>
  );
}
