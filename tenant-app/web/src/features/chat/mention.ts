// The @ that is being typed, and those whom a text calls.

export type Calling = { from: number; to: number; q: string };

const maxName = 20;

/** What stands between the last @ and the caret, if somebody is being called there. */
export function mentionAt(text: string, caret: number): Calling | undefined {
  const before = text.slice(0, caret);
  const from = before.lastIndexOf('@');
  if (from < 0) return undefined;
  const q = before.slice(from + 1);
  // An address of mail is no call, and a name has no blanks at its start and no line breaks.
  if (/[A-Za-z0-9.]$/.test(before.slice(0, from)) || q.length > maxName || /^\s|[\n@]|\s$/.test(q))
    return undefined;
  return { from, to: caret, q };
}

/** The text with the name put in, and where the caret stands then. */
export function putMention(
  text: string,
  { from, to }: Calling,
  name: string,
): { text: string; caret: number } {
  const put = `@${name} `;
  return { text: text.slice(0, from) + put + text.slice(to), caret: from + put.length };
}

/** Of those who were picked: whose name still stands in the text. */
export function mentionsIn(
  text: string,
  called: ReadonlyMap<string, string>,
): { id: string; name: string }[] {
  return [...called].filter(([name]) => text.includes(`@${name}`)).map(([name, id]) => ({ id, name }));
}
