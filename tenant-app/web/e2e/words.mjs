// Text in a language that the person did not choose.

/** What the company wrote itself: it may be in any language. */
export const known = (page) =>
  page.evaluate(async () => {
    const paths = [
      'me',
      'people?limit=200',
      'departments',
      'positions',
      'rooms',
      'roles',
      'todo',
      'todo/team',
      'approvals?box=mine',
      'approvals?box=decided',
      'suggestions?box=all',
      'external-organisations',
      'guests',
      'approval-forms',
      'calendar?year=2026',
      'sessions',
      'consents',
      'notice-senders',
      'me/channels',
      'desk-settings',
    ];
    const read = async (path) => {
      const answer = await fetch(`/api/v1/${path}`);
      const text = await answer.text(); // a request ends when its answer was read, also a refusal
      return answer.ok ? text : '';
    };
    const ids = async (path) => JSON.parse((await read(path)) || '{"items":[]}').items.map(({ id }) => id);
    // What was said, also by assistants: it stays in the language in which it was written.
    const said = [
      ...(await ids('rooms')).map((id) => `rooms/${id}/messages`),
      ...(await ids('suggestions?box=all')).map((id) => `suggestions/${id}`),
    ];
    return (await Promise.all([...paths, ...said].map(read))).join(' ');
  });

/** Names that are the same in every language. */
const names = /^(中文|Ctrl|Shift|Enter|Esc|Excel|CSV|PDF|English|Web Push)$/;

/** Sentences in the other language that the company did not write, and keys that nobody translated. */
export async function foreign(page, data, lang) {
  const texts = await page.evaluate(() => {
    const out = new Set();
    const tree = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = tree.nextNode(); node; node = tree.nextNode()) {
      const text = node.data.trim();
      if (text && !node.parentElement.closest('script, style') && node.parentElement.checkVisibility())
        out.add(text);
    }
    for (const e of document.querySelectorAll('[aria-label], [placeholder], [title], [alt]'))
      for (const name of ['aria-label', 'placeholder', 'title', 'alt'])
        if (e.getAttribute(name)?.trim()) out.add(e.getAttribute(name).trim());
    return [...out];
  });
  const other = lang === 'en' ? /\p{Script=Han}+/gu : /[A-Za-z][A-Za-z'’]+(?:[ ,]+[A-Za-z][A-Za-z'’]+){2,}/g;
  return texts.filter(
    (text) =>
      /^[a-z]+(\.[a-z][A-Za-z-]+)+$/.test(text) ||
      (!names.test(text) && (text.match(other) ?? []).some((part) => !data.includes(part))),
  );
}
