// An input that asks while one types: after a pause, and never for what an input method has not finished.
import { useDebouncedValue } from '@mantine/hooks';
import { type ChangeEvent, type CompositionEvent, useRef, useState } from 'react';
import { maxTyped } from './queries';

const typingMs = 200;

export function useField(first = '') {
  const [typed, setTyped] = useState(first);
  const [finished, setFinished] = useState(first);
  const [asked] = useDebouncedValue(finished.trim(), typingMs);
  const composing = useRef(false);
  const set = (text: string) => {
    setTyped(text);
    setFinished(text);
  };
  return {
    typed: typed.trim(),
    /** What to look for; empty: nothing yet. */
    asked: finished.trim() === '' ? '' : asked,
    set,
    input: {
      value: typed,
      maxLength: maxTyped,
      autoComplete: 'off',
      spellCheck: false,
      onChange: (event: ChangeEvent<HTMLInputElement>) => {
        if (composing.current) setTyped(event.currentTarget.value);
        else set(event.currentTarget.value);
      },
      onCompositionStart: () => {
        composing.current = true;
      },
      onCompositionEnd: (event: CompositionEvent<HTMLInputElement>) => {
        composing.current = false;
        set(event.currentTarget.value);
      },
    },
  };
}
