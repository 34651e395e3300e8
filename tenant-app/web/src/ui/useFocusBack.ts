// Gives the keyboard back to the button that opened something, once that is gone.
import { type RefObject, useEffect, useRef } from 'react';

/** While something else was opened from there, elsewhere, the button waits. */
export function useFocusBack(
  button: RefObject<HTMLButtonElement | null>,
  open: boolean,
  elsewhere = false,
): void {
  const was = useRef(false);
  useEffect(() => {
    // Who came by keyboard goes on from where they were.
    if (was.current && !open && !elsewhere) button.current?.focus({ preventScroll: true });
    was.current = open;
  }, [button, open, elsewhere]);
}
