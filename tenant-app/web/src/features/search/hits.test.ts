import { expect, it } from 'vitest';
import { hrefOf, inOneLine, searchAddress } from './hits';
import type { Hit } from './queries';

const hit = (over: Partial<Hit>): Hit => ({
  kind: 'message',
  ref: 'm1',
  title: [],
  snippet: [],
  in: ['room:r1'],
  at: '2026-11-22T03:05:00Z',
  seq: 7,
  ...over,
});

it('leads to the very message, the thread, the file’s message, the approval', () => {
  expect(hrefOf(hit({}))).toBe('/chat/r1?at=7');
  expect(hrefOf(hit({ thread: 't1' }))).toBe('/chat/r1?thread=t1');
  expect(hrefOf(hit({ kind: 'file', seq: 9 }))).toBe('/chat/r1?at=9');
  expect(hrefOf(hit({ kind: 'approval', ref: 'a1', in: ['person:p1'] }))).toBe('/work/mine/a1');
  expect(hrefOf(hit({ kind: 'suggestion', ref: 's1', in: ['desk'] }))).toBe('/work/suggestions/s1');
});

it('leads nowhere for what this page does not know', () => {
  expect(hrefOf(hit({ kind: 'document' }))).toBeUndefined();
  expect(hrefOf(hit({ in: [] }))).toBeUndefined();
});

it('has an address that says what was asked', () => {
  expect(searchAddress('')).toBe('/search');
  expect(searchAddress('a&b 报价', 'file')).toBe('/search?q=a%26b+%E6%8A%A5%E4%BB%B7&kind=file');
});

it('shows several lines in one', () => {
  expect(inOneLine([{ text: '甲.pdf\n' }, { text: '乙', hit: true }])).toEqual([
    { text: '甲.pdf · ' },
    { text: '乙', hit: true },
  ]);
});
