import { describe, expect, it } from 'vitest';
import type { Person } from '../../api/types';
import { alphabetStart, first, groupByInitial, rowOfLetter } from './grouping';

const people = (initials: string): Person[] =>
  [...initials].map((initial, i) => ({
    id: `${i}`,
    name: `${initial}${i}`,
    initial,
    avatarText: '',
    status: 'active',
    pinyin: '',
    posts: [],
  }));

const shape = (initials: string): string =>
  groupByInitial(people(initials))
    .map((row) => (row.kind === 'header' ? `[${row.letter}]` : '.'))
    .join('');

describe('the A–Z list', () => {
  it('has one header before each letter', () => {
    expect(shape('AABZ')).toBe('[A]..[B].[Z].');
  });

  it('puts names without a letter last', () => {
    expect(shape('AZ#')).toBe('[A].[Z].[#].');
  });

  it('shows those whom somebody put first before the alphabet', () => {
    expect(shape('SWAB')).toBe(`[${first}]..[A].[B].`);
    expect(alphabetStart(people('SWAB'))).toBe(2);
  });

  it('of nobody is empty', () => {
    expect(shape('')).toBe('');
    expect(alphabetStart([])).toBe(0);
  });

  it('jumps to a letter, or to the next one that there is', () => {
    const rows = groupByInitial(people('SACZ'));
    expect(rows[rowOfLetter(rows, 'A')]).toEqual({ kind: 'header', letter: 'A' });
    expect(rows[rowOfLetter(rows, 'B')]).toEqual({ kind: 'header', letter: 'C' });
    expect(rowOfLetter(rows, '#')).toBe(-1);
  });
});
