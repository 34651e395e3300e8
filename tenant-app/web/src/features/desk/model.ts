// 建议箱: what suggestions are made of, and small answers about them.
import type { Schemas } from '../../api/types';
import type { Key } from '../../i18n';

export type Suggestion = Schemas['Suggestion'];
export type Detail = Schemas['SuggestionDetail'];
export type State = Suggestion['state'];
export type Verb = Schemas['SuggestionEntry']['verb'];

/** What uploads are for. */
export const fileKind = 'suggestion';

export const states = ['waiting', 'working', 'answered', 'closed'] as const satisfies readonly State[];

export const stateNames: Record<State, Key> = {
  waiting: 'desk.waiting',
  working: 'desk.working',
  answered: 'desk.answered',
  closed: 'desk.closed',
};

export const isState = (text: string): text is State => Object.hasOwn(stateNames, text);

/** Signs that nobody takes for another. */
const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const signs = 16;

/** The code with which the author of an anonymous suggestion comes back: 80 random bits. */
export const newCode = (): string =>
  [...crypto.getRandomValues(new Uint8Array(signs))].map((byte) => alphabet[byte & 31]).join('');

/** KQ7M-2XPA-93TD-HWVB: easier to write down. */
export const shownCode = (code: string): string => (code.match(/.{1,4}/g) ?? []).join('-');

const plain = (typed: string) => typed.toUpperCase().replaceAll(/[\s-]/g, '');

/** Whether it can be a code; how it is typed does not matter. */
export const isCode = (typed: string): boolean => /^[A-HJ-NP-Z2-9]{16}$/.test(plain(typed));
