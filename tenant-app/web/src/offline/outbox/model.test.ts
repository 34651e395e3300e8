import { expect, it } from 'vitest';
import { type Entry, ready } from './model';

const entry = (opId: string, aggregate: string, more: Partial<Entry> = {}): Entry => ({
  opId,
  person: 'wang',
  kind: 'chat.post',
  version: 1,
  aggregate,
  dependsOn: [],
  baseVersion: 0,
  body: {},
  blobs: [],
  fate: undefined,
  ...more,
});
const parked = (opId: string) => ({ opId, tries: 1, parked: { status: 409, code: 'x', params: {} } });
const ids = (entries: Entry[]) => entries.map((e) => e.opId);
const all = () => true;
const none = new Set<string>();

it('takes the oldest of each aggregate', () => {
  expect(ids(ready([entry('1', 'a'), entry('0', 'a'), entry('2', 'b')], all, none))).toEqual(['1', '2']);
});

it('leaves alone an aggregate whose oldest was refused, is unknown or is on its way', () => {
  const queue = [
    entry('1', 'a', { fate: parked('1') }),
    entry('2', 'a'),
    entry('3', 'b', { version: 9 }),
    entry('4', 'b'),
    entry('5', 'c'),
    entry('6', 'd'),
  ];
  expect(ids(ready(queue, (e) => e.version === 1, new Set(['c'])))).toEqual(['6']);
});

it('waits for what it depends on, also in another aggregate', () => {
  const queue = [
    entry('1', 'a', { fate: parked('1') }),
    entry('2', 'b', { dependsOn: ['1'] }),
    entry('3', 'b'),
  ];
  expect(ids(ready(queue, all, none))).toEqual([]);
  expect(ids(ready(queue.slice(1), all, none))).toEqual(['2']);
});
