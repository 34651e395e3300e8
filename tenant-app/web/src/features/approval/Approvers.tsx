// Who would decide, before a form is sent; where the submitter names them, they are chosen here.
import { Button, Input } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useLanguage } from '../../i18n';
import { Icon } from '../../ui/Icon';
import classes from './FormPage.module.css';
import { type Approvers as Chosen, type Step, said } from './model';
import { Coming } from './Timeline';
import line from './Timeline.module.css';

const ChooseDialog = lazy(() => import('./ChooseDialog'));

type Props = {
  steps: Step[];
  chosen: Chosen;
  onChange: (chosen: Chosen) => void;
  fault: string | undefined;
};

/** Where the submitter is to name people, nobody is expected before. */
const chosenOf = (step: Step, chosen: Chosen): Step =>
  step.choose && !chosen[step.node]?.length ? { ...step, people: [] } : step;

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
          <Coming key={step.node} step={chosenOf(step, chosen)} />
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
        <Suspense fallback={null}>
          <ChooseDialog
            step={choosing}
            onDone={(people) => {
              onChange({ ...chosen, [choosing.node]: people });
              setChoosing(undefined);
            }}
            onClose={() => setChoosing(undefined)}
          />
        </Suspense>
      )}
    </section>
  );
}
