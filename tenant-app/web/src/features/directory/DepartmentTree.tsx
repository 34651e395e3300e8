// The tree at the left, by mouse or by arrow keys.
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { Tree } from '../../api/types';
import { useMay } from '../../app/session';
import { useT } from '../../i18n';
import { Icon, type IconName } from '../../ui/Icon';
import classes from './DepartmentTree.module.css';
import { pathOf, visibleBranches } from './tree';

type Item = { id: string; name: string; count: number; depth: number; open?: boolean; icon?: IconName };

function items(tree: Tree, open: ReadonlySet<string>): Item[] {
  return visibleBranches(tree.departments, open).map(({ department: d, depth, hasChildren }) => ({
    id: d.id,
    name: d.name,
    count: d.total,
    depth,
    ...(hasChildren ? { open: open.has(d.id) } : {}),
  }));
}

type Props = { tree: Tree; place: string; company: string; onPick: () => void };

export function DepartmentTree({ tree, place, company, onPick }: Props) {
  const t = useT();
  const may = useMay();
  const [, navigate] = useLocation();
  const [open, setOpen] = useOpen(tree, place);
  const list = useRef<HTMLDivElement>(null);

  const all: Item[] = [
    { id: 'all', name: company, count: tree.people, depth: 0, icon: 'building' },
    ...items(tree, open),
  ];
  if (tree.unassigned > 0)
    all.push({
      id: 'unassigned',
      name: t('directory.unassigned'),
      count: tree.unassigned,
      depth: 0,
      icon: 'info',
    });
  if (may('directory.manage') && tree.deactivated > 0) {
    all.push({
      id: 'deactivated',
      name: t('directory.deactivated'),
      count: tree.deactivated,
      depth: 0,
      icon: 'exit',
    });
  }

  const pick = (id: string) => {
    onPick();
    navigate(id === 'all' ? '/directory' : `/directory/${id}`);
  };
  const toggle = (id: string, to: boolean) => setOpen((before) => toggled(before, id, to));
  const onKeyDown = (event: KeyboardEvent, index: number) => {
    const item = all[index];
    const steps: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      Home: 0,
      End: all.length - 1,
    };
    const target = steps[event.key];
    if (target !== undefined) list.current?.querySelectorAll<HTMLElement>('[role=treeitem]')[target]?.focus();
    else if (event.key === 'ArrowRight' && item?.open === false) toggle(item.id, true);
    else if (event.key === 'ArrowLeft' && item?.open) toggle(item.id, false);
    else if ((event.key === 'Enter' || event.key === ' ') && item) pick(item.id);
    else return;
    event.preventDefault();
  };

  const focusable = all.some((item) => item.id === place) ? place : 'all';
  return (
    <div role="tree" aria-label={t('directory.departments')} className={classes.tree} ref={list}>
      {all.map((item, i) => (
        <div
          key={item.id}
          role="treeitem"
          tabIndex={item.id === focusable ? 0 : -1}
          aria-level={item.depth + 1}
          aria-selected={item.id === place}
          aria-expanded={item.open}
          className={classes.item}
          style={{ paddingLeft: 10 + item.depth * 16 }}
          onClick={() => pick(item.id)}
          onKeyDown={(event) => onKeyDown(event, i)}
        >
          {item.icon ? (
            <span className={classes.icon}>
              <Icon name={item.icon} size={16} />
            </span>
          ) : (
            <Toggle open={item.open} onToggle={(to) => toggle(item.id, to)} />
          )}
          <span className={classes.name}>{item.name}</span>
          <span className={classes.count}>{item.count}</span>
        </div>
      ))}
    </div>
  );
}

/** A mouse's way to unfold; keys have the arrows. */
function Toggle({ open, onToggle }: { open: boolean | undefined; onToggle: (to: boolean) => void }) {
  if (open === undefined) return <span className={classes.icon} />;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the tree item answers the arrow keys
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <span
      className={classes.icon}
      onClick={(event) => {
        event.stopPropagation();
        onToggle(!open);
      }}
    >
      <Icon name={open ? 'down' : 'right'} size={14} />
    </span>
  );
}

function toggled(before: ReadonlySet<string>, id: string, to: boolean): ReadonlySet<string> {
  const after = new Set(before);
  if (to) after.add(id);
  else after.delete(id);
  return after;
}

/** Unfolded at first: the top departments, and those above the place shown. */
function useOpen(tree: Tree, place: string) {
  const [open, setOpen] = useState<ReadonlySet<string>>(
    () => new Set(tree.departments.filter((d) => !d.parentId).map((d) => d.id)),
  );
  const { departments } = tree;
  useEffect(() => {
    const above = pathOf(departments, place).slice(0, -1);
    if (above.length > 0) setOpen((before) => new Set([...before, ...above.map((d) => d.id)]));
  }, [departments, place]);
  return [open, setOpen] as const;
}
