// The state of a suggestion, in a word and a colour.
import { useT } from '../../i18n';
import classes from './Desk.module.css';
import { type State as One, stateNames } from './model';

export function State({ state }: { state: One }) {
  const t = useT();
  return (
    <span className={classes.state} data-state={state}>
      {t(stateNames[state])}
    </span>
  );
}
