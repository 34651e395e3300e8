// Puts a department under another.
import { useState } from 'react';
import type { Department, Tree } from '../../api/types';
import { useT } from '../../i18n';
import { Choice } from '../../ui/Choice';
import { Dialog } from '../../ui/Dialog';
import { Form } from '../../ui/Form';
import { useChange } from '../directory/queries';
import { below, pathText } from '../directory/tree';
import { moveDepartment } from './changes';

const top = 'top';

export default function MoveDialog({
  department,
  tree,
  onClose,
}: {
  department: Department;
  tree: Tree;
  onClose: () => void;
}) {
  const t = useT();
  const [target, setTarget] = useState<string | null>(department.parentId ?? top);
  const move = useChange(
    (to: string) => moveDepartment(department, to === top ? undefined : to),
    'departments.moved',
    true,
  );
  const own = below(tree.departments, department.id);
  const options = [
    { value: top, label: t('departments.top') },
    ...tree.departments
      .filter((d) => !own.has(d.id))
      .map((d) => ({ value: d.id, label: pathText(tree.departments, d.id) })),
  ];
  return (
    <Dialog
      title={t('departments.moveOf', { name: department.name })}
      onClose={onClose}
      size="sm"
      full={false}
    >
      <Form
        error={move.error}
        busy={move.isPending}
        submit={t('departments.move')}
        onSubmit={() => target && move.mutate(target, { onSuccess: onClose })}
        onCancel={onClose}
        disabled={!target || target === (department.parentId ?? top)}
      >
        <Choice label={t('departments.under')} data={options} value={target} onChange={setTarget} />
      </Form>
    </Dialog>
  );
}
