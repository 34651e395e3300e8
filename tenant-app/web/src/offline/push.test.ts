import { describe, expect, it } from 'vitest';
import { pathHere, readPush } from './push';

describe('what is pushed', () => {
  it('is a title, a text, a place, and the code of a test', () => {
    const pushed = { v: 1, id: 'x', title: '李娜', text: '开会了', link: 'https://a.example/chat/r1' };
    expect(readPush(JSON.stringify(pushed), 'a.example')).toEqual({
      title: '李娜',
      text: '开会了',
      link: 'https://a.example/chat/r1',
    });
    expect(readPush(JSON.stringify({ ...pushed, code: '123456' }), 'a.example').code).toBe('123456');
  });

  it.each(['', 'null', '[]', '7', '{', '{"title":7}'])('is shown as well when it is %s', (raw) => {
    expect(readPush(raw, 'a.example')).toEqual({ title: 'a.example', text: '', link: '' });
  });
});

describe('a notice', () => {
  it('leads to a place of this site', () => {
    expect(pathHere('https://a.example/chat/r1?at=7', 'https://a.example')).toBe('/chat/r1?at=7');
  });

  it.each([
    'https://evil.example/chat/r1',
    'javascript:alert(1)',
    '//evil.example/x',
    'http://a.example/',
    'http://[',
  ])('never leads to %s', (link) => {
    expect(pathHere(link, 'https://a.example')).toBe('/');
  });
});
