// A form to be filled in: its fields, what follows from them, and who would decide.
import { Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import { ApiError, fieldMessages } from '../../api/problem';
import { type Translate, useLanguage } from '../../i18n';
import { blobOf, type OutboxBlob } from '../../offline/outbox';
import { Form } from '../../ui/Form';
import { Approvers } from './Approvers';
import { FormFiles } from './FilesInput';
import classes from './FormPage.module.css';
import { Inputs } from './Inputs';
import {
  type Approvers as Chosen,
  type File,
  fileIds,
  filled,
  missing,
  type Sheet,
  type Values,
} from './model';
import { previewQuery } from './queries';

const typingMs = 400;

type Props = {
  sheet: Sheet;
  start: Values;
  chosen: Chosen;
  submit: string;
  /** Files that go along when it is sent, and those that the server has. */
  blobs: OutboxBlob[];
  files: File[];
  onSubmit: (values: Values, approvers: Chosen, blobs: OutboxBlob[]) => Promise<void>;
  onDraft?: (values: Values, blobs: OutboxBlob[]) => Promise<void>;
};

/** What the server said of the values so far, by path. */
function faultsOf(error: ApiError | undefined, t: Translate): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldMessages(error, t)).map(([path, text]) => [path.replace(/^values\./, ''), text]),
  );
}

/** The files of a form while it is filled in: picked ones, and the server's. */
function useFormFiles(start: OutboxBlob[], kept: File[]) {
  const [blobs, setBlobs] = useState(start);
  const files = useMemo(() => {
    const picked = blobs.map((b) => ({ id: b.id, name: b.name, size: b.data.size, type: b.type }));
    return {
      known: new Map([...kept, ...picked].map((file) => [file.id, file])),
      add: (added: globalThis.File[]) => {
        const made = added.filter((f) => f.size > 0).map(blobOf);
        setBlobs((before) => [...before, ...made]);
        return made.map((b) => b.id);
      },
    };
  }, [blobs, kept]);
  const namedBy = (sheet: Sheet, values: Values) => {
    const named = new Set(fileIds(sheet.fields, values));
    return blobs.filter((b) => named.has(b.id));
  };
  return { files, namedBy };
}

export function FormEditor({ sheet, start, chosen, submit, blobs, files: kept, onSubmit, onDraft }: Props) {
  const { t } = useLanguage();
  const [values, setValues] = useState(start);
  const { files, namedBy } = useFormFiles(blobs, kept);
  const [approvers, setApprovers] = useState(chosen);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const page = useRef<HTMLDivElement>(null);
  const ready = useMemo(() => filled(sheet.fields, values), [sheet, values]);
  const [asked] = useDebouncedValue(ready, typingMs);
  const preview = useQuery(
    previewQuery({ form: sheet.key, version: sheet.version, values: asked, approvers }),
  );
  const wrong = preview.data
    ? new ApiError(422, 'values_invalid', { fields: preview.data.faults })
    : undefined;
  const absent = missing(sheet.fields, values);
  const faults = {
    ...faultsOf(wrong, t),
    ...(tried ? Object.fromEntries(absent.map((path) => [path, t('approval.missing')])) : {}),
  };
  const steps = preview.data?.steps ?? [];
  const unchosen = steps.some((s) => s.kind === 'approve' && s.choose && !approvers[s.node]?.length);
  const send = async () => {
    setTried(true);
    if (absent.length > 0 || (wrong?.fields.length ?? 0) > 0 || unchosen) {
      const first = absent[0] ?? Object.keys(faults)[0];
      const input = page.current?.querySelector<HTMLElement>(`[data-field="${first}"]`);
      (input?.querySelector<HTMLElement>('input, textarea, select, button') ?? input)?.focus();
      return;
    }
    setBusy(true);
    try {
      await onSubmit(ready, approvers, namedBy(sheet, values));
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <div ref={page} className={classes.editor}>
      <Form
        error={error}
        busy={busy}
        submit={submit}
        onSubmit={() => void send()}
        besides={
          onDraft && (
            <Button variant="default" onClick={() => void onDraft(ready, namedBy(sheet, values))}>
              {t('approval.keepDraft')}
            </Button>
          )
        }
      >
        <FormFiles value={files}>
          <Inputs
            fields={sheet.fields}
            values={values}
            computed={preview.data?.values ?? {}}
            faults={faults}
            onChange={setValues}
          />
        </FormFiles>
        <Approvers
          steps={steps}
          chosen={approvers}
          onChange={setApprovers}
          fault={tried && unchosen ? t('approval.chooseWho') : undefined}
        />
      </Form>
    </div>
  );
}
