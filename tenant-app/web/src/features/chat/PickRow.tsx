// One line of a list to choose from.
import type { ReactNode } from 'react';
import classes from './PeoplePicker.module.css';

type Props = { name: string; hint?: string; sign: ReactNode; chosen: boolean; onToggle: () => void };

export function PickRow({ name, hint, sign, chosen, onToggle }: Props) {
  return (
    <label className={classes.person}>
      <input type="checkbox" checked={chosen} onChange={onToggle} />
      {sign}
      <span>
        {name}
        {hint && <small>{hint}</small>}
      </span>
    </label>
  );
}
