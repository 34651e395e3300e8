// A new form: from nothing, from a draft, a copy, or one that was refused.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation, useParams, useSearch } from 'wouter';
import { newId } from '../../api/id';
import { explain } from '../../api/problem';
import { upload } from '../../api/upload';
import { useLanguage } from '../../i18n';
import { type OutboxBlob, useOutbox } from '../../offline/outbox';
import { notify } from '../../ui/notices';
import { Failed, SkeletonRows } from '../../ui/states';
import { FormEditor } from './FormEditor';
import { Frame } from './Frame';
import { type Approvers, fileKind, said, stillAsked, type Values } from './model';
import { type SubmitBody, submit } from './outgoing';
import { approvalQuery, draftsQuery, keepDraft, sheetQuery } from './queries';

type From = {
  id: string;
  values: Values;
  approvers: Approvers;
  draftId?: string;
  blobs?: OutboxBlob[];
  /** A copy has the words of another approval, not its files. */
  copy?: boolean;
};

/** What a new form begins with: nothing, a draft, another approval, or one that the server refused. */
function useFrom(): From | undefined {
  const query = new URLSearchParams(useSearch());
  const [fresh] = useState(newId);
  const draft = query.get('draft') ?? '';
  const copy = query.get('copy') ?? '';
  const unsent = query.get('unsent') ?? '';
  const drafts = useQuery({ ...draftsQuery, enabled: draft !== '' });
  const copied = useQuery({ ...approvalQuery(copy), enabled: copy !== '' });
  const refused = useOutbox().find((e) => e.opId === unsent);
  if (draft) {
    const found = drafts.data?.items.find((d) => d.id === draft);
    return found && { id: fresh, values: found.values, approvers: {}, draftId: draft };
  }
  if (copy) return copied.data && { id: fresh, values: copied.data.values, approvers: {}, copy: true };
  if (unsent) return refused && { ...(refused.body as SubmitBody), blobs: refused.blobs };
  return { id: fresh, values: {}, approvers: {} };
}

const none: never[] = [];

export default function NewForm() {
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
  const send = async (values: Values, approvers: Approvers, blobs: OutboxBlob[]) => {
    const done = from.draftId ?? (kept ? draftId : undefined);
    const named = done ? { draftId: done } : {};
    // What was filled in can be read while it waits, also without network.
    client.setQueryData(sheetQuery(key, sheet.version).queryKey, sheet);
    await submit({ id: from.id, form: key, version: sheet.version, values, approvers, ...named }, blobs);
    navigate(`/work/mine/${from.id}`, { replace: true });
  };
  const draft = async (values: Values, blobs: OutboxBlob[]) => {
    try {
      for (const blob of blobs) await upload(fileKind, blob);
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
        start={stillAsked(sheet, from.values, !from.copy)}
        chosen={from.approvers}
        blobs={from.blobs ?? []}
        files={none}
        submit={t('approval.submit')}
        onSubmit={send}
        onDraft={draft}
      />
    </Frame>
  );
}
