// Copies (抄送) in 待办 are only to be read: several, or all, are taken out at once.
import { Button } from '@mantine/core';
import { useChangeOf } from '../../api/useChange';
import { useT } from '../../i18n';
import { readCopies } from './queries';
import classes from './TodoPage.module.css';

type Props = { shown: string[]; chosen: ReadonlySet<string>; onChoose: (ids: ReadonlySet<string>) => void };

/** Above a list of copies: choose all that are shown, read those that are chosen, or every one. */
export function CopiesBar({ shown, chosen, onChoose }: Props) {
  const t = useT();
  const read = useChangeOf([['todo']], readCopies, 'todo.wasRead');
  const ids = shown.filter((id) => chosen.has(id));
  const every = ids.length === shown.length;
  return (
    <div className={classes.copies}>
      <label className={classes.every}>
        <input type="checkbox" checked={every} onChange={() => onChoose(new Set(every ? [] : shown))} />
        {t('todo.selectAll')}
      </label>
      <Button
        variant="default"
        loading={read.isPending}
        onClick={() =>
          read.mutate(ids.length > 0 ? { ids } : { all: true }, { onSuccess: () => onChoose(new Set()) })
        }
      >
        {ids.length > 0 ? t('todo.read', { count: ids.length }) : t('todo.readAll')}
      </Button>
    </div>
  );
}
