import { expect, it } from 'vitest';
import { mentionAt, mentionsIn, putMention } from './mention';

it.each([
  ['@', 1, ''],
  ['请 @zh', 5, 'zh'],
  ['请@张', 3, '张'],
  ['@Anna M', 7, 'Anna M'],
])('%s is a call', (text, caret, q) => expect(mentionAt(text, caret)?.q).toBe(q));

it.each([
  ['', 0],
  ['张伟', 2],
  ['li@a', 4],
  ['@张伟 ', 4],
  ['@a\nb', 4],
  ['@ a', 3],
  ['@张伟', 0],
])('%s is none', (text, caret) => expect(mentionAt(text, caret)).toBeUndefined());

it('puts the name in place of what was typed', () => {
  expect(putMention('请 @zh 看', { from: 2, to: 5, q: 'zh' }, '张伟')).toEqual({
    text: '请 @张伟  看',
    caret: 6,
  });
});

it('calls only those whose name is left', () => {
  const called = new Map([
    ['张伟', '1'],
    ['李娜', '2'],
  ]);
  expect(mentionsIn('@李娜 好', called)).toEqual([{ id: '2', name: '李娜' }]);
});
