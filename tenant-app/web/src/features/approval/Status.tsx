// The state of an approval, in a word and a colour.
import { useT } from '../../i18n';
import { type Status as State, statusNames } from './model';
import classes from './Status.module.css';

export function Status({ status }: { status: State }) {
  const t = useT();
  return (
    <span className={classes.status} data-status={status}>
      {t(statusNames[status])}
    </span>
  );
}
