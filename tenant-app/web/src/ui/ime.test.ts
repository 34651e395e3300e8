import type { KeyboardEvent } from 'react';
import { expect, it, vi } from 'vitest';
import { guardEnter, isComposing, onEnter } from './ime';

const press = (key: string, native: Partial<globalThis.KeyboardEvent> = {}) => {
  const preventDefault = vi.fn();
  const event = { key, nativeEvent: { key, isComposing: false, keyCode: 13, ...native }, preventDefault };
  return { event: event as unknown as KeyboardEvent, preventDefault };
};

it('knows an input method by either sign', () => {
  expect(isComposing({ key: 'Enter', isComposing: true, keyCode: 13 })).toBe(true);
  expect(isComposing({ key: 'Enter', isComposing: false, keyCode: 229 })).toBe(true);
  expect(isComposing({ key: 'Enter', isComposing: false, keyCode: 13 })).toBe(false);
});

it('acts on Enter, but not on the one that accepts a candidate', () => {
  const act = vi.fn();
  onEnter(act)(press('Enter', { isComposing: true }).event);
  onEnter(act)(press('Enter', { keyCode: 229 }).event);
  onEnter(act)(press('a').event);
  expect(act).toHaveBeenCalledTimes(0);
  onEnter(act)(press('Enter').event);
  expect(act).toHaveBeenCalledTimes(1);
});

it('keeps a form from being sent while composing', () => {
  const composing = press('Enter', { isComposing: true });
  guardEnter(composing.event);
  expect(composing.preventDefault).toHaveBeenCalledTimes(1);
  const meant = press('Enter');
  guardEnter(meant.event);
  expect(meant.preventDefault).toHaveBeenCalledTimes(0);
});
