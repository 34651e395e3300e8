// What approvals are made of, and small answers about them.
import type { Moment, Schemas } from '../../api/types';
import type { Key, Lang } from '../../i18n';

export type Approval = Schemas['Approval'];
export type Detail = Schemas['Detail'];
export type Sheet = Schemas['Sheet'];
export type Field = Schemas['Field'];
export type Step = Schemas['Step'];
export type File = Schemas['File'];
export type { Moment };
export type Status = Approval['status'];
export type Values = Record<string, unknown>;
export type Half = { date: string; half: 'am' | 'pm' };
/** People by the node for which the submitter names them. */
export type Approvers = Record<string, string[]>;

/** What uploads are for. */
export const fileKind = 'approval';

/** A text that the server has in both languages. */
export const said = (text: Record<string, string> | undefined, lang: Lang): string =>
  text?.[lang] ?? text?.['zh-CN'] ?? '';

export const statusNames: Record<Status, Key> = {
  running: 'approval.running',
  returned: 'approval.returned',
  approved: 'approval.approved',
  rejected: 'approval.rejected',
  withdrawn: 'approval.withdrawn',
  cancelled: 'approval.cancelled',
};

export const isStatus = (text: string): text is Status => Object.hasOwn(statusNames, text);

/** Whether a card asks its reader to decide: of several about one approval, one does. */
export const asksNow = (card: { state: string; task?: string; over?: string }): boolean =>
  card.state === 'running' && card.task !== undefined && card.over === undefined;

const outcomes: Record<string, Key> = {
  approved: 'approval.over.approved',
  rejected: 'approval.over.rejected',
  returned: 'approval.over.returned',
  transferred: 'approval.over.transferred',
  again: 'approval.over.again',
};

/** What became of what a card asked its reader to do. */
export const outcomeOf = (over: string): Key =>
  Object.hasOwn(outcomes, over) ? (outcomes[over] as Key) : 'approval.over.dropped';

/** What can be done with an approval, besides mending it. */
export const verbs = [
  'approve',
  'reject',
  'return',
  'transfer',
  'nudge',
  'withdraw',
  'cancel',
  'comment',
  'cc',
] as const;
export type Verb = (typeof verbs)[number];
export const actNames: Record<Verb, Key> = {
  approve: 'approval.approve',
  reject: 'approval.reject',
  return: 'approval.return',
  transfer: 'approval.transfer',
  nudge: 'approval.nudge',
  withdraw: 'approval.withdraw',
  cancel: 'approval.cancel',
  comment: 'approval.comment',
  cc: 'approval.cc',
};
export const isVerb = (text: string): text is Verb => (verbs as readonly string[]).includes(text);

export const isHalf = (value: unknown): value is Half =>
  typeof value === 'object' && value !== null && 'date' in value && 'half' in value;

export const isRows = (value: unknown): value is Values[] => Array.isArray(value);

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isHalf(value) && value.date === '');

/** Paths of the fields that must be filled in and are not: reason, rows[0].amount. */
export function missing(fields: Field[], values: Values, at = ''): string[] {
  return fields.flatMap((field) => {
    if (field.compute) return [];
    const path = at + field.key;
    const value = values[field.key];
    if (isEmpty(value)) return field.required ? [path] : [];
    if (field.kind !== 'rows' || !isRows(value)) return [];
    return value.flatMap((row, i) => missing(field.columns ?? [], row, `${path}[${i}].`));
  });
}

/** Ids of the files that values name, in whatever field. */
export function fileIds(fields: Field[], values: Values): string[] {
  return fields.flatMap((field) => {
    const value = values[field.key];
    if (field.kind === 'files') return idsOf(value);
    if (field.kind !== 'rows' || !isRows(value)) return [];
    return value.flatMap((row) => fileIds(field.columns ?? [], row));
  });
}

export const idsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];

/** Values as the server takes them: without what is empty or computed. */
export function filled(fields: Field[], values: Values): Values {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = values[field.key];
      if (field.compute || isEmpty(value)) return [];
      if (field.kind === 'rows' && isRows(value))
        return [[field.key, value.map((row) => filled(field.columns ?? [], row))]];
      return [[field.key, value]];
    }),
  );
}

/** 12.5 → 1250 cents; nothing if it is no amount of money. */
export function centsOf(text: string): number | undefined {
  const plain = text.replaceAll(/[,，\s¥￥]/g, '').replace('。', '.');
  const found = /^(-?)(\d{1,12})(?:\.(\d{0,2}))?$/.exec(plain);
  if (!found) return undefined;
  const cents = Number(found[2]) * 100 + Number((found[3] ?? '').padEnd(2, '0'));
  return found[1] ? -cents : cents;
}

/** 1250 → 12.50, to be typed on. */
export const typedMoney = (cents: unknown): string =>
  typeof cents === 'number' ? (cents / 100).toFixed(2) : '';

/** 1250 → ¥12.50 */
export const money = (cents: number): string =>
  new Intl.NumberFormat('zh-CN', { style: 'currency', currency: 'CNY' }).format(cents / 100);

/** Values that the newest version of a form still asks for; files only where they stay what they are. */
export function stillAsked(sheet: Sheet, values: Values, files: boolean): Values {
  const fields = sheet.fields.filter((f) => !f.compute && (files || f.kind !== 'files'));
  return Object.fromEntries(fields.flatMap((f) => (f.key in values ? [[f.key, values[f.key]]] : [])));
}
