// 导入: prepare a file, look at what it would do, do it.
import { Button, Checkbox, FileButton } from '@mantine/core';
import '@mantine/core/styles/InlineInput.layer.css';
import '@mantine/core/styles/Checkbox.layer.css';
import '@mantine/core/styles/CheckboxIndicator.layer.css';
import { useMutation } from '@tanstack/react-query';
import { type DragEvent, useState } from 'react';
import { Link } from 'wouter';
import { explain } from '../../api/problem';
import type { ImportReport } from '../../api/types';
import { useT } from '../../i18n';
import { Fault } from '../../ui/Form';
import { Icon } from '../../ui/Icon';
import { notify } from '../../ui/notices';
import panel from '../../ui/Panel.module.css';
import { useChange } from '../directory/queries';
import { type Format, importPeople, saveFailures, saveTemplate } from './files';
import classes from './Import.module.css';
import { Report } from './ImportReport';

type Checked = { file: File; report: ImportReport; makeMissing: boolean; done: boolean };

export default function Import() {
  const t = useT();
  const [checked, setChecked] = useState<Checked>();
  const [makeMissing, setMakeMissing] = useState(true);
  const check = useMutation({
    mutationFn: ({ file, missing }: { file: File; missing: boolean }) => importPeople(file, missing, false),
    onSuccess: (report, { file, missing }) => setChecked({ file, report, makeMissing: missing, done: false }),
  });
  const commit = useChange(
    ({ file, makeMissing: missing }: Checked) => importPeople(file, missing, true),
    undefined,
    true,
  );
  const again = (missing: boolean) => {
    setMakeMissing(missing);
    if (checked) check.mutate({ file: checked.file, missing });
  };
  const restart = () => {
    setChecked(undefined);
    check.reset();
    commit.reset();
  };
  const error = check.error ?? commit.error;

  return (
    <div className={`${panel.panel} ${classes.wizard}`}>
      <Steps at={checked ? (checked.done ? 2 : 1) : 0} />
      {error && <Fault text={explain(error, t)} />}
      {!checked && (
        <Prepare busy={check.isPending} onFile={(file) => check.mutate({ file, missing: makeMissing })} />
      )}
      {checked && !checked.done && (
        <>
          <Checkbox
            checked={makeMissing}
            disabled={check.isPending}
            onChange={(event) => again(event.currentTarget.checked)}
            label={t('import.makeMissing')}
          />
          <Report report={checked.report} />
          <Buttons
            checked={checked}
            busy={commit.isPending || check.isPending}
            onRestart={restart}
            onCommit={() =>
              commit.mutate(checked, {
                onSuccess: (report) => setChecked({ ...checked, report, done: true }),
              })
            }
          />
        </>
      )}
      {checked?.done && <Done checked={checked} onRestart={restart} />}
    </div>
  );
}

function Steps({ at }: { at: number }) {
  const t = useT();
  const names = [t('import.step1'), t('import.step2'), t('import.step3')];
  return (
    <ol className={classes.steps}>
      {names.map((name, i) => (
        <li key={name} aria-current={i === at ? 'step' : undefined} data-past={i < at || undefined}>
          <span>{i < at ? <Icon name="check" size={14} /> : i + 1}</span>
          {name}
        </li>
      ))}
    </ol>
  );
}

function Prepare({ busy, onFile }: { busy: boolean; onFile: (file: File) => void }) {
  const t = useT();
  const [over, setOver] = useState(false);
  const template = useMutation({
    mutationFn: (format: Format) => saveTemplate(format),
    onError: (error) => notify({ tone: 'bad', text: explain(error, t) }),
  });
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file && !busy) onFile(file);
  };
  return (
    <>
      <p className={panel.hint}>{t('import.templateHint')}</p>
      <div className={panel.tools}>
        <Button
          variant="light"
          leftSection={<Icon name="download" size={16} />}
          onClick={() => template.mutate('xlsx')}
        >
          {t('import.templateXlsx')}
        </Button>
        <Button variant="subtle" onClick={() => template.mutate('csv')}>
          {t('import.templateCsv')}
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a mouse's short cut for the button inside */}
      <div
        className={classes.drop}
        data-over={over || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <Icon name="upload" size={28} />
        <p>{t('import.drop')}</p>
        <FileButton
          accept=".xlsx,.csv,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
          onChange={(file) => file && onFile(file)}
        >
          {(props) => (
            <Button {...props} loading={busy}>
              {t('import.choose')}
            </Button>
          )}
        </FileButton>
        <p className={panel.hint}>{t('import.formats')}</p>
      </div>
    </>
  );
}

function FailedRows({ checked }: { checked: Checked }) {
  const t = useT();
  const save = useMutation({
    mutationFn: () => saveFailures(checked.file, checked.makeMissing),
    onError: (error) => notify({ tone: 'bad', text: explain(error, t) }),
  });
  if (checked.report.failed === 0) return null;
  return (
    <Button
      variant="default"
      loading={save.isPending}
      leftSection={<Icon name="download" size={16} />}
      onClick={() => save.mutate()}
    >
      {t('import.saveFailed', { count: checked.report.failed })}
    </Button>
  );
}

type ButtonsProps = { checked: Checked; busy: boolean; onRestart: () => void; onCommit: () => void };

function Buttons({ checked, busy, onRestart, onCommit }: ButtonsProps) {
  const t = useT();
  const good = checked.report.created + checked.report.updated;
  return (
    <div className={classes.bar}>
      <Button variant="default" onClick={onRestart}>
        {t('import.other')}
      </Button>
      <FailedRows checked={checked} />
      <Button loading={busy} disabled={good === 0} onClick={onCommit}>
        {good === 0 ? t('import.nothing') : t('import.commit', { count: good })}
      </Button>
    </div>
  );
}

function Done({ checked, onRestart }: { checked: Checked; onRestart: () => void }) {
  const t = useT();
  const { created, updated, failed } = checked.report;
  return (
    <div className={classes.done} role="status">
      <span className={classes.tick}>
        <Icon name="check" size={30} />
      </span>
      <h2>{t('import.done')}</h2>
      <p className={panel.hint}>{t('import.doneText', { created, updated, failed })}</p>
      <div className={panel.tools}>
        <FailedRows checked={checked} />
        <Button variant="default" onClick={onRestart}>
          {t('import.again')}
        </Button>
        <Button component={Link} href="/directory">
          {t('import.toDirectory')}
        </Button>
      </div>
    </div>
  );
}
