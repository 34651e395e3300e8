// What a person does with approvals goes through the outbox: it works without network, and happens once.
import { newId } from '../../api/id';
import { type Entry, enqueue, type OutboxBlob, useOutbox } from '../../offline/outbox';
import type { Approvers, Values, Verb } from './model';

export type SubmitBody = {
  id: string;
  form: string;
  version: number;
  values: Values;
  approvers: Approvers;
  draftId?: string;
};
export type MendBody = { id: string; values: Values; approvers?: Approvers; comment: string };
export type ActBody = {
  id: string;
  verb: Verb;
  comment: string;
  /** Of return the node, of transfer the person. */
  to?: string;
  /** Of cc. */
  people?: string[];
  resume?: boolean;
};

const aggregateOf = (id: string) => `approval:${id}`;

/** With latest: one that was refused is replaced by the mended one. */
export const submit = (body: SubmitBody, blobs: OutboxBlob[]) =>
  enqueue(
    { kind: 'approval.submit', version: 1, aggregate: aggregateOf(body.id), body, blobs },
    { latest: true },
  );

export const resubmit = (body: MendBody, revision: number, blobs: OutboxBlob[]) =>
  enqueue(
    {
      kind: 'approval.mend',
      version: 1,
      aggregate: aggregateOf(body.id),
      baseVersion: revision,
      body,
      blobs,
    },
    { latest: true },
  );

export const act = (body: ActBody, revision: number) =>
  enqueue({
    kind: 'approval.act',
    version: 1,
    aggregate: aggregateOf(body.id),
    baseVersion: revision,
    body,
    opId: newId(),
  });

/** What this person did with an approval and the server does not know yet. */
export const useUnsentOf = (id: string): Entry[] =>
  useOutbox().filter((entry) => entry.aggregate === aggregateOf(id));

/** New forms that wait to be sent. */
export const useUnsentForms = (): Entry[] => useOutbox().filter((entry) => entry.kind === 'approval.submit');
