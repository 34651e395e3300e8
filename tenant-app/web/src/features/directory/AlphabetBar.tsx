// The A–Z index at the edge: one control, by finger, mouse or arrow keys.
import { type KeyboardEvent, type PointerEvent, useMemo, useState } from 'react';
import { useT } from '../../i18n';
import classes from './AlphabetBar.module.css';
import { first, type Row } from './grouping';

const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ#'];

type Props = {
  rows: Row[];
  /** All pages are there, so only the letters that occur need be shown. */
  complete: boolean;
  onJump: (letter: string) => void;
};

export function AlphabetBar({ rows, complete, onJump }: Props) {
  const t = useT();
  const [at, setAt] = useState(0);
  const [touching, setTouching] = useState(false);
  const letters = useMemo(() => {
    const there = new Set(
      rows.flatMap((row) => (row.kind === 'header' && row.letter !== first ? [row.letter] : [])),
    );
    return complete ? alphabet.filter((letter) => there.has(letter)) : alphabet;
  }, [rows, complete]);

  const go = (index: number) => {
    const to = Math.max(0, Math.min(letters.length - 1, index));
    setAt(to);
    const letter = letters[to];
    if (letter) onJump(letter);
  };
  const onPointer = (event: PointerEvent<HTMLElement>) => {
    if (event.type === 'pointermove' && event.buttons === 0) return;
    const box = event.currentTarget.getBoundingClientRect();
    const to = Math.floor(((event.clientY - box.top) / box.height) * letters.length);
    setTouching(true);
    if (to !== at || event.type === 'pointerdown') go(to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: letters.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    go(to);
  };

  if (letters.length < 2) return null;
  return (
    <div
      className={classes.bar}
      role="slider"
      tabIndex={0}
      aria-label={t('directory.alphabet')}
      aria-orientation="vertical"
      aria-valuemin={0}
      aria-valuemax={letters.length - 1}
      aria-valuenow={Math.min(at, letters.length - 1)}
      aria-valuetext={letters[at] ?? letters[0]}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        onPointer(event);
      }}
      onPointerMove={onPointer}
      onPointerUp={() => setTouching(false)}
      onPointerCancel={() => setTouching(false)}
      onKeyDown={onKeyDown}
    >
      {letters.map((letter, i) => (
        <span key={letter} data-at={(touching && i === at) || undefined}>
          {letter}
        </span>
      ))}
      {touching && <span className={classes.bubble}>{letters[at]}</span>}
    </div>
  );
}
