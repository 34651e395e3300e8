// A new form (also from a draft, a copy, or one that was refused), and one that was returned.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation, useParams, useSearch } from 'wouter';
import { newId } from '../../api/id';
import { explain } from '../../api/problem';
import { useLanguage } from '../../i18n';
import { useOutbox } from '../../offline/outbox';
import { notify } from '../../ui/notices';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { FormEditor } from './FormEditor';
import classes from './FormPage.module.css';
import { Frame } from './Frame';
import { type Approvers, type Sheet, said, type Values } from './model';
import { resubmit, type SubmitBody, submit } from './outgoing';
import { approvalQuery, draftsQuery, keepDraft, sheetQuery } from './queries';

type From = { id: string; values: Values; approvers: Approvers; draftId?: string };

/** What a new form begins with: nothing, a draft, another approval, or one that the server refused. */
function useFrom(): From | undefined {
  const query = new URLSearchParams(useSearch());
  const [fresh] = useState(newId);
  const draft = query.get('draft') ?? '';
  const copy = query.get('copy') ?? '';
  const unsent = query.get('unsent') ?? '';
  const drafts = useQuery({ ...draftsQuery, enabled: draft !== '' });
  const copied = useQuery({ ...approvalQuery(copy), enabled: copy !== '' });
  const refused = useOutbox().find((e) => e.opId === unsent)?.body as SubmitBody | undefined;
  if (draft) {
    const found = drafts.data?.items.find((d) => d.id === draft);
    return found && { id: fresh, values: found.values, approvers: {}, draftId: draft };
  }
  if (copy) return copied.data && { id: fresh, values: copied.data.values, approvers: {} };
  if (unsent) return refused;
  return { id: fresh, values: {}, approvers: {} };
}

export function NewForm() {
  const { t, lang } = useLanguage();
  const { item: key = '' } = useParams<{ item?: string }>();
  const [, navigate] = useLocation();
  const client = useQueryClient();
  const from = useFrom();
  const [draftId] = useState(() => from?.draftId ?? newId());
  const [kept, setKept] = useState(from?.draftId !== undefined);
  const { data: sheet, error, refetch } = useQuery(sheetQuery(key));
  if (!sheet || !from)
    return (
      <Frame title={t('approval.one')} back="/work">
        {error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />}
      </Frame>
    );
  const send = async (values: Values, approvers: Approvers) => {
    const done = from.draftId ?? (kept ? draftId : undefined);
    await submit({
      id: from.id,
      form: key,
      version: sheet.version,
      values,
      approvers,
      ...(done ? { draftId: done } : {}),
    });
    navigate(`/work/mine/${from.id}`, { replace: true });
  };
  const draft = async (values: Values) => {
    try {
      await keepDraft(from.draftId ?? draftId, key, values);
      setKept(true);
      void client.invalidateQueries({ queryKey: draftsQuery.queryKey });
      notify({ tone: 'good', text: t('approval.draftKept') });
    } catch (problem) {
      notify({ tone: 'bad', text: explain(problem, t) });
    }
  };
  return (
    <Frame title={said(sheet.name, lang)} back="/work">
      <FormEditor
        sheet={sheet}
        start={known(sheet, from.values)}
        chosen={from.approvers}
        submit={t('approval.submit')}
        onSubmit={send}
        onDraft={draft}
      />
    </Frame>
  );
}

/** Values that the newest version of the form still asks for. */
function known(sheet: Sheet, values: Values): Values {
  const fields = sheet.fields.filter((f) => !f.compute && f.kind !== 'files');
  return Object.fromEntries(fields.flatMap((f) => (f.key in values ? [[f.key, values[f.key]]] : [])));
}

/** A returned one, mended. What it holds besides the inputs stays. */
export function MendForm() {
  const { t, lang } = useLanguage();
  const { item: id = '' } = useParams<{ item?: string }>();
  const [, navigate] = useLocation();
  const { data: detail, error, refetch } = useQuery(approvalQuery(id));
  const { data: sheet } = useQuery({
    ...sheetQuery(detail?.form.key ?? '', detail?.form.version),
    enabled: detail !== undefined,
  });
  const back = `/work/mine/${id}`;
  if (!detail || !sheet)
    return (
      <Frame title={t('approval.mend')} back={back}>
        {error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />}
      </Frame>
    );
  const title = said(sheet.name, lang);
  if (detail.status !== 'returned')
    return (
      <Frame title={title} back={back}>
        <Blank icon="info" title={t('approval.notReturned')} />
      </Frame>
    );
  const why = detail.timeline.findLast((m) => m.verb === 'return');
  const send = async (values: Values, approvers: Approvers) => {
    const kept = detail.values.files === undefined ? {} : { files: detail.values.files };
    const named = Object.keys(approvers).length > 0 ? { approvers } : {};
    await resubmit({ id, values: { ...kept, ...values }, comment: '', ...named }, detail.revision);
    navigate(back, { replace: true });
  };
  return (
    <Frame title={title} back={back}>
      {why && (
        <p className={classes.why}>
          {t('approval.returnedBy', { name: why.person?.name ?? '', why: why.comment ?? '' })}
        </p>
      )}
      <p className={classes.most}>{t(detail.resumes ? 'approval.goesOn' : 'approval.startsAnew')}</p>
      <FormEditor
        sheet={sheet}
        start={known(sheet, detail.values)}
        chosen={{}}
        submit={t('approval.resubmit')}
        onSubmit={send}
      />
    </Frame>
  );
}
