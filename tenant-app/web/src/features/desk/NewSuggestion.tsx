// 提建议: with files and one's name, or, where the company allows it, without either.
import { Button, Switch, Textarea, TextInput } from '@mantine/core';
import '@mantine/core/styles/InlineInput.layer.css';
import '@mantine/core/styles/Switch.layer.css';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useT } from '../../i18n';
import { blobOf, type OutboxBlob } from '../../offline/outbox/model';
import { CopyIcon } from '../../ui/copy';
import { Form } from '../../ui/Form';
import { notify } from '../../ui/notices';
import { Blank } from '../../ui/states';
import { FilesInput, FormFiles } from '../approval/FilesInput';
import { Frame } from '../approval/Frame';
import classes from './Desk.module.css';
import { newCode, shownCode } from './model';
import { submit } from './outgoing';
import { settingsQuery } from './queries';

const back = '/work/suggestions';
const longestTitle = 100;
const longestText = 10_000;
const mostFiles = 9;

export default function NewSuggestion() {
  const t = useT();
  const [, navigate] = useLocation();
  const { data: settings } = useQuery(settingsQuery);
  const [title, setTitle] = useState('');
  const [text, setText] = useState('');
  const [nameless, setNameless] = useState(false);
  const [blobs, setBlobs] = useState<OutboxBlob[]>([]);
  const [code, setCode] = useState<string>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const anonymous = nameless && settings?.anonymous === true;
  const files = useMemo(
    () => ({
      known: new Map(blobs.map((b) => [b.id, { id: b.id, name: b.name, size: b.data.size }])),
      add: (picked: File[]) => {
        const made = picked.map(blobOf);
        setBlobs((before) => [...before, ...made]);
        return made.map((b) => b.id);
      },
    }),
    [blobs],
  );
  const send = async () => {
    setBusy(true);
    try {
      const said = { title: title.trim(), text: text.trim() };
      if (anonymous) {
        const made = newCode();
        await submit({ ...said, anonymous, code: made }, []);
        setCode(made);
        return;
      }
      await submit({ ...said, ...(blobs.length > 0 && { fileIds: blobs.map((b) => b.id) }) }, blobs);
      // Without network nobody has it yet.
      notify({ tone: 'good', text: t(navigator.onLine ? 'desk.sent' : 'approval.waitsToBeSent') });
      navigate(back, { replace: true });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  if (code) return <Done code={code} />;
  if (settings?.handledBy === 'nobody')
    return (
      <Frame back={back} title={t('desk.new')}>
        <Blank icon="mail" title={t('error.suggestions_unattended')} />
      </Frame>
    );
  return (
    <Frame back={back} title={t('desk.new')}>
      <Form
        error={error}
        busy={busy}
        submit={t('approval.submit')}
        onSubmit={() => void send()}
        disabled={title.trim() === '' || text.trim() === ''}
      >
        <TextInput
          label={t('desk.title')}
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          maxLength={longestTitle}
          withAsterisk
        />
        <Textarea
          label={t('desk.text')}
          description={t('desk.textHint')}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          rows={8}
          maxLength={longestText}
          withAsterisk
        />
        {settings?.anonymous && (
          <Switch
            label={t('desk.nameless')}
            description={t('desk.namelessHint')}
            checked={nameless}
            onChange={(event) => setNameless(event.currentTarget.checked)}
          />
        )}
        {!anonymous && (
          <FormFiles value={files}>
            <FilesInput
              label={t('desk.files')}
              description={undefined}
              withAsterisk={false}
              error={undefined}
              data-field="files"
              ids={blobs.map((b) => b.id)}
              most={mostFiles}
              onChange={(ids) => setBlobs((before) => before.filter((b) => ids.includes(b.id)))}
            />
          </FormFiles>
        )}
      </Form>
    </Frame>
  );
}

/** The one moment in which the code is shown: nobody else has it. */
function Done({ code }: { code: string }) {
  const t = useT();
  return (
    <Frame back={back} title={t('desk.new')}>
      <p className={classes.text}>{t('desk.keepCode')}</p>
      <p className={classes.code}>
        {shownCode(code)}
        <CopyIcon text={shownCode(code)} label={t('desk.copyCode')} />
      </p>
      <div>
        <Button component={Link} href={back} variant="default">
          {t('desk.codeKept')}
        </Button>
      </div>
    </Frame>
  );
}
