// The shape of the questions and answers of 帮助. They are loaded when the page opens.
export type Question = {
  /** Part of an address: /me/help?ask=<id>. The same in both languages. */
  id: string;
  ask: string;
  answer: string[];
  /** Other words for it, for searching. */
  words?: string;
  /** The place that it is about. */
  to?: string;
};
