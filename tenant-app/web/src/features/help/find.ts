// Which questions fit what somebody typed.
import type { Question } from '../../i18n/faq/model';

const plain = (text: string) => text.normalize('NFKC').toLowerCase();

/** Characters of a word, two by two: Chinese has no spaces between words. */
const pairs = (word: string) =>
  word.length < 3 ? [word] : Array.from({ length: word.length - 1 }, (_, i) => word.slice(i, i + 2));

const han = /\p{Script=Han}/u;

/** Best first; all of them while nothing is typed. */
export function find(questions: Question[], typed: string): Question[] {
  const words = plain(typed)
    .split(/[\s，。？?、,.]+/)
    .filter((word) => word !== '');
  if (words.length === 0) return questions;
  const parts = words.flatMap((word) => (han.test(word) ? pairs(word) : [word]));
  const score = (q: Question) => {
    const title = plain(`${q.ask} ${q.words ?? ''}`);
    const text = plain(q.answer.join(' '));
    return parts.reduce((sum, part) => sum + (title.includes(part) ? 3 : text.includes(part) ? 1 : 0), 0);
  };
  return questions
    .map((q) => ({ q, score: score(q) }))
    .filter((found) => found.score > 0)
    .sort((a, b) => b.score - a.score)
    .map((found) => found.q);
}
