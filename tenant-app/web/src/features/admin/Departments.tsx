// The tree of departments, to shape it.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import type { Department, Tree } from '../../api/types';
import { useLanguage, useT } from '../../i18n';
import { formatList } from '../../i18n/format';
import { type Action, ActionMenu } from '../../ui/ActionMenu';
import { Confirm } from '../../ui/Confirm';
import { Icon } from '../../ui/Icon';
import panel from '../../ui/Panel.module.css';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { treeQuery, useChange } from '../directory/queries';
import { childrenOf, pathOf } from '../directory/tree';
import { createDepartment, deleteDepartment, moveDepartment, renameDepartment } from './changes';
import classes from './Departments.module.css';
import { step } from './order';
import { asOfNow } from './seen';

const NameDialog = lazy(() => import('./NameDialog'));

const HeadsDialog = lazy(() => import('./HeadsDialog'));
const MoveDialog = lazy(() => import('./MoveDialog'));

type Open = { what: 'add' | 'rename' | 'move' | 'heads' | 'delete'; department?: Department };

export default function Departments() {
  const t = useT();
  const { data: tree, error, refetch } = useQuery(treeQuery);
  const [open, setOpen] = useState<Open>();
  if (!tree) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />;
  return (
    <div className={panel.panel}>
      <div className={panel.tools}>
        <p className={`${panel.hint} ${panel.grow}`}>{t('departments.hint')}</p>
        <Button leftSection={<Icon name="plus" size={16} />} onClick={() => setOpen({ what: 'add' })}>
          {t('departments.add')}
        </Button>
      </div>
      {tree.departments.length === 0 ? (
        <Blank icon="building" title={t('departments.none')} text={t('departments.noneHint')} />
      ) : (
        <ul className={panel.rows}>
          {tree.departments.map((d) => (
            <Row key={d.id} department={d} tree={tree} onOpen={setOpen} />
          ))}
        </ul>
      )}
      <Suspense fallback={null}>
        {open && <Opened open={open} tree={tree} onClose={() => setOpen(undefined)} />}
      </Suspense>
    </div>
  );
}

function Row({
  department: d,
  tree,
  onOpen,
}: {
  department: Department;
  tree: Tree;
  onOpen: (open: Open) => void;
}) {
  const { t, lang } = useLanguage();
  const siblings = childrenOf(tree.departments, d.parentId);
  const to = (by: -1 | 1) => step(siblings, d.id, by);
  const shift = useChange(async (by: -1 | 1) => {
    const place = to(by);
    if (place) await moveDepartment(d, d.parentId, place.before);
  });
  const open = (what: Open['what']) => () => onOpen({ what, department: d });
  const actions: Action[] = [
    { label: t('departments.addBelow'), icon: 'plus', run: open('add') },
    { label: t('departments.rename'), icon: 'edit', run: open('rename') },
    { label: t('departments.heads'), icon: 'star', run: open('heads') },
    { label: t('departments.move'), icon: 'move', run: open('move') },
    { label: t('action.up'), icon: 'up', run: () => shift.mutate(-1), disabled: !to(-1) },
    { label: t('action.down'), icon: 'downward', run: () => shift.mutate(1), disabled: !to(1) },
    { label: t('departments.delete'), icon: 'trash', run: open('delete'), danger: true },
  ];
  const depth = pathOf(tree.departments, d.id).length - 1;
  return (
    <li className={panel.row} style={{ paddingLeft: 16 + Math.min(depth, 6) * 20 }}>
      <span className={panel.main}>
        <Link href={`/directory/${d.id}`} className={classes.name}>
          {d.name}
        </Link>
        <span className={panel.sub}>
          {t('directory.count', { count: d.total })}
          {d.heads.length > 0 &&
            ` · ${t('directory.headsAre', {
              names: formatList(
                lang,
                d.heads.map((h) => h.name),
              ),
            })}`}
        </span>
      </span>
      <ActionMenu label={t('departments.actions', { name: d.name })} actions={actions} />
    </li>
  );
}

/** What people see of a department here. */
const face = ({ name, parentId, heads }: Department) => [name, parentId, heads.map((h) => h.id)];

function Opened({ open, tree, onClose }: { open: Open; tree: Tree; onClose: () => void }) {
  const t = useT();
  const { what } = open;
  const d = open.department && asOfNow(tree.departments, open.department, face);
  if (what === 'add') {
    return (
      <NameDialog
        title={d ? t('departments.addBelowOf', { name: d.name }) : t('departments.add')}
        label={t('departments.name')}
        done="departments.added"
        save={(name) => createDepartment(name, d?.id)}
        onClose={onClose}
      />
    );
  }
  if (!d) return null;
  if (what === 'rename') {
    return (
      <NameDialog
        title={t('departments.rename')}
        label={t('departments.name')}
        name={d.name}
        done="departments.renamed"
        save={(name) => renameDepartment(d, name)}
        onClose={onClose}
      />
    );
  }
  if (what === 'move') return <MoveDialog department={d} tree={tree} onClose={onClose} />;
  if (what === 'heads') return <HeadsDialog department={d} onClose={onClose} />;
  return <Delete department={d} onClose={onClose} />;
}

function Delete({ department, onClose }: { department: Department; onClose: () => void }) {
  const t = useT();
  const change = useChange(deleteDepartment, 'departments.deleted');
  return (
    <Confirm
      title={t('departments.delete')}
      text={t('departments.deleteText', { name: department.name })}
      confirm={t('departments.delete')}
      danger
      busy={change.isPending}
      onConfirm={() => change.mutate(department, { onSettled: onClose })}
      onClose={onClose}
    />
  );
}
