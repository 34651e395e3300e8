import { expect, it } from 'vitest';
import { piecesOf } from './pieces';

const cut = (text: string, names: string[] = [], all = false) =>
  piecesOf(
    text,
    names.map((name) => ({ id: name, name })),
    all,
  ).map((p) => (p.kind === 'text' ? p.text : `[${p.kind} ${p.text}]`));

it('finds links, without the mark that ends a sentence', () => {
  expect(cut('见 https://a.example/x?y=1，谢谢')).toEqual([
    '见 ',
    '[link https://a.example/x?y=1]',
    '，谢谢',
  ]);
  expect(cut('(http://a.example/b).')).toEqual(['(', '[link http://a.example/b]', ').']);
  expect(cut('javascript:alert(1)')).toEqual(['javascript:alert(1)']);
});

it('finds those who are called, and nobody else', () => {
  expect(cut('@张伟 和 @张伟东 看一下，@李娜', ['张伟', '张伟东'])).toEqual([
    '[mention @张伟]',
    ' 和 ',
    '[mention @张伟东]',
    ' 看一下，@李娜',
  ]);
  expect(cut('@所有人 开会', [], true)).toEqual(['[mention @所有人]', ' 开会']);
  expect(cut('@所有人 开会')).toEqual(['@所有人 开会']);
  expect(cut('https://a.example/@张伟', ['张伟'])).toEqual(['[link https://a.example/@张伟]']);
});

it('takes names with signs of their own', () => {
  expect(cut('@阿卜杜拉·买买提 @A(b)', ['阿卜杜拉·买买提', 'A(b)'])).toEqual([
    '[mention @阿卜杜拉·买买提]',
    ' ',
    '[mention @A(b)]',
  ]);
});
