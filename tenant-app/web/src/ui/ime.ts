// Chinese input methods use Enter to accept what was typed so far; that Enter must never submit.
import type { KeyboardEvent } from 'react';

type KeyLike = Pick<globalThis.KeyboardEvent, 'key' | 'isComposing' | 'keyCode'>;

/** True while an input method is composing. Safari ends composition before keydown and marks it by keyCode 229. */
export function isComposing(event: KeyLike): boolean {
  return event.isComposing || event.keyCode === 229;
}

/** Calls act on an Enter that is meant as one. */
export function onEnter(act: () => void) {
  return (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || isComposing(event.nativeEvent)) return;
    event.preventDefault();
    act();
  };
}

/** For a form: keeps the browser's own submission away while an input method is composing. */
export function guardEnter(event: KeyboardEvent) {
  if (event.key === 'Enter' && isComposing(event.nativeEvent)) event.preventDefault();
}
