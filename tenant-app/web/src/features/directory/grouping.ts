// From a sorted list of people to rows with A–Z headers.
import type { Department, Person } from '../../api/types';

/** Header of those whom somebody put before the alphabet. */
export const first = '★';

export type Row =
  | { kind: 'department'; department: Department }
  | { kind: 'header'; letter: string }
  | { kind: 'person'; person: Person };

/** '#' (names without a letter) stands after Z. */
const order = (letter: string) => (letter === '#' ? '~' : letter);

/**
 * The server sorts by chosen order, then by pinyin. Whoever stands before the point
 * from which the letters only grow was put there by somebody.
 */
export function alphabetStart(people: Pick<Person, 'initial'>[]): number {
  let start = Math.max(0, people.length - 1);
  while (start > 0) {
    const before = people[start - 1];
    const here = people[start];
    if (!before || !here || order(before.initial) > order(here.initial)) break;
    start -= 1;
  }
  return start;
}

/** Rows with a header before each letter. */
export function groupByInitial(people: Person[]): Row[] {
  const start = alphabetStart(people);
  const rows: Row[] = [];
  let letter = '';
  people.forEach((person, i) => {
    const own = i < start ? first : person.initial;
    if (own !== letter) {
      letter = own;
      rows.push({ kind: 'header', letter });
    }
    rows.push({ kind: 'person', person });
  });
  return rows;
}

/** Index of the row at which a letter begins: its header, or the next one that there is; -1 past the end. */
export function rowOfLetter(rows: Row[], letter: string): number {
  return rows.findIndex(
    (row) => row.kind === 'header' && row.letter !== first && order(row.letter) >= order(letter),
  );
}
