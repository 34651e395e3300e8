// 岗位: add, rename, order, delete.
import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, lazy, Suspense, useState } from 'react';
import { explain } from '../../api/problem';
import type { Position } from '../../api/types';
import { useT } from '../../i18n';
import { type Action, ActionMenu } from '../../ui/ActionMenu';
import { Confirm } from '../../ui/Confirm';
import { Icon } from '../../ui/Icon';
import { guardEnter } from '../../ui/ime';
import panel from '../../ui/Panel.module.css';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { positionsQuery, useChange } from '../directory/queries';
import { createPosition, deletePosition, movePosition, renamePosition } from './changes';
import { step } from './order';
import { asOfNow } from './seen';

const NameDialog = lazy(() => import('./NameDialog'));

type Open = { what: 'rename' | 'delete'; position: Position };

export default function Positions() {
  const t = useT();
  const { data, error, refetch } = useQuery(positionsQuery);
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const remove = useChange(deletePosition, 'positions.deleted');
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />;
  const seen = open && asOfNow(data.items, open.position, (p) => p.name);
  return (
    <div className={panel.panel}>
      <p className={panel.hint}>{t('positions.hint')}</p>
      <Add />
      {data.items.length === 0 ? (
        <Blank icon="briefcase" title={t('positions.none')} />
      ) : (
        <ul className={panel.rows}>
          {data.items.map((position) => (
            <Row key={position.id} position={position} all={data.items} onOpen={setOpen} />
          ))}
        </ul>
      )}
      {seen && open.what === 'rename' && (
        <Suspense fallback={null}>
          <NameDialog
            title={t('positions.rename')}
            label={t('positions.name')}
            name={seen.name}
            done="positions.renamed"
            save={(name) => renamePosition(seen, name)}
            onClose={close}
          />
        </Suspense>
      )}
      {seen && open.what === 'delete' && (
        <Confirm
          title={t('positions.delete')}
          text={t('positions.deleteText', { name: seen.name })}
          confirm={t('positions.delete')}
          danger
          busy={remove.isPending}
          onConfirm={() => remove.mutate(seen, { onSettled: close })}
          onClose={close}
        />
      )}
    </div>
  );
}

function Add() {
  const t = useT();
  const [name, setName] = useState('');
  const add = useChange(createPosition, undefined, true);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '' && !add.isPending) add.mutate(name.trim(), { onSuccess: () => setName('') });
  };
  return (
    <form onSubmit={submit} onKeyDown={guardEnter} className={panel.tools}>
      <TextInput
        className={panel.grow ?? ''}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        placeholder={t('positions.addHint')}
        aria-label={t('positions.name')}
        error={add.error ? explain(add.error, t) : undefined}
        autoComplete="off"
      />
      <Button
        type="submit"
        loading={add.isPending}
        disabled={name.trim() === ''}
        leftSection={<Icon name="plus" size={16} />}
      >
        {t('positions.add')}
      </Button>
    </form>
  );
}

function Row({
  position,
  all,
  onOpen,
}: {
  position: Position;
  all: Position[];
  onOpen: (open: Open) => void;
}) {
  const t = useT();
  const to = (by: -1 | 1) => step(all, position.id, by);
  const shift = useChange(async (by: -1 | 1) => {
    const place = to(by);
    if (place) await movePosition(position, place.before);
  });
  const actions: Action[] = [
    { label: t('positions.rename'), icon: 'edit', run: () => onOpen({ what: 'rename', position }) },
    { label: t('action.up'), icon: 'up', run: () => shift.mutate(-1), disabled: !to(-1) },
    { label: t('action.down'), icon: 'downward', run: () => shift.mutate(1), disabled: !to(1) },
    {
      label: t('positions.delete'),
      icon: 'trash',
      run: () => onOpen({ what: 'delete', position }),
      danger: true,
    },
  ];
  return (
    <li className={panel.row}>
      <span className={panel.main}>
        {position.name}
        <span className={panel.sub}>{t('directory.count', { count: position.people })}</span>
      </span>
      <ActionMenu label={t('positions.actions', { name: position.name })} actions={actions} />
    </li>
  );
}
