// A form to be filled in: its fields, what follows from them, and who would decide.
import { Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { ApiError, fieldMessages } from '../../api/problem';
import { type Translate, useLanguage } from '../../i18n';
import { Form } from '../../ui/Form';
import { Approvers } from './Approvers';
import { Inputs } from './Inputs';
import { type Approvers as Chosen, filled, missing, type Sheet, type Values } from './model';
import { previewQuery } from './queries';

const typingMs = 400;

type Props = {
  sheet: Sheet;
  start: Values;
  chosen: Chosen;
  submit: string;
  onSubmit: (values: Values, approvers: Chosen) => Promise<void>;
  onDraft?: (values: Values) => Promise<void>;
};

/** What the server said of the values so far, by path. */
function faultsOf(error: ApiError | undefined, t: Translate): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldMessages(error, t)).map(([path, text]) => [path.replace(/^values\./, ''), text]),
  );
}

export function FormEditor({ sheet, start, chosen, submit, onSubmit, onDraft }: Props) {
  const { t } = useLanguage();
  const [values, setValues] = useState(start);
  const [approvers, setApprovers] = useState(chosen);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const page = useRef<HTMLDivElement>(null);
  const [asked] = useDebouncedValue(filled(sheet.fields, values), typingMs);
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
      await onSubmit(filled(sheet.fields, values), approvers);
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <div ref={page}>
      <Form error={error} busy={busy} submit={submit} onSubmit={() => void send()}>
        <Inputs
          fields={sheet.fields}
          values={values}
          computed={preview.data?.values ?? {}}
          faults={faults}
          onChange={setValues}
        />
        <Approvers
          steps={steps}
          chosen={approvers}
          onChange={setApprovers}
          fault={tried && unchosen ? t('approval.chooseWho') : undefined}
        />
        {onDraft && (
          <Button variant="subtle" onClick={() => void onDraft(filled(sheet.fields, values))}>
            {t('approval.keepDraft')}
          </Button>
        )}
      </Form>
    </div>
  );
}
