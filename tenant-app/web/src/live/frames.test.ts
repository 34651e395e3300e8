import { expect, it } from 'vitest';
import { readFrames } from './frames';

it('reads what the server says, one by one or many at once', () => {
  const hint =
    '{"v":1,"t":"hint","kind":"message","id":"m1","room":"r1","seq":7,"revision":2,"data":{"a":1}}';
  const read = {
    t: 'hint',
    hint: { kind: 'message', id: 'm1', room: 'r1', seq: 7, revision: 2, data: { a: 1 } },
  };
  expect(readFrames(hint)).toEqual([read]);
  expect(readFrames(`[${hint},{"v":1,"t":"beat","rooms":{"r1":7,"x":"no"}}]`)).toEqual([
    read,
    { t: 'beat', rooms: { r1: 7 } },
  ]);
  expect(readFrames('{"v":1,"t":"bye","reason":"drain","after":1500}')).toEqual([
    { t: 'bye', reason: 'drain', afterMs: 1500 },
  ]);
});

it.each([
  '',
  '{',
  'null',
  '[]',
  '[[]]',
  '{"v":2,"t":"beat"}',
  '{"v":1,"t":"dance"}',
  '{"v":1,"t":"hint"}',
  7,
])('leaves %s alone', (data) => expect(readFrames(data)).toEqual([]));
