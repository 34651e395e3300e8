import { describe, expect, it } from 'vitest';
import { type Facts, keyBytes, sameKey, supportOf } from './support';

const able: Facts = {
  userAgent: 'Chrome',
  installed: false,
  worker: true,
  push: true,
  permission: 'default',
};
const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1';

describe('messages while the page is closed', () => {
  it.each([
    ['a desk', able, 'ready'],
    ['one that was asked before', { ...able, permission: 'granted' }, 'ready'],
    ['one that said no', { ...able, permission: 'denied' }, 'denied'],
    ['an iPhone’s Safari', { ...able, userAgent: iphone, push: false, permission: undefined }, 'iphone'],
    ['an iPhone’s installed app', { ...able, userAgent: iphone, installed: true }, 'ready'],
    ['an old iPhone’s installed app', { ...able, userAgent: iphone, installed: true, push: false }, 'none'],
    ['WeChat', { ...able, worker: false, push: false, permission: undefined }, 'none'],
  ] as const)('%s', (_, facts, want) => {
    expect(supportOf(facts)).toBe(want);
  });
});

it('reads keys as servers write them, and knows them again', () => {
  const key = keyBytes('-_8A');
  expect([...key]).toEqual([251, 255, 0]);
  expect(sameKey(key.buffer, key)).toBe(true);
  expect(sameKey(keyBytes('-_8B').buffer, key)).toBe(false);
  expect(sameKey(null, key)).toBe(false);
});
