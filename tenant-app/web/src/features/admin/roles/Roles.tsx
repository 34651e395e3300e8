// 角色与权限: the roles of the company; one of them is opened by its address.
import { Button, Checkbox, TextInput } from '@mantine/core';
import '@mantine/core/styles/InlineInput.layer.css';
import '@mantine/core/styles/Checkbox.layer.css';
import '@mantine/core/styles/CheckboxIndicator.layer.css';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Link, useLocation, useParams } from 'wouter';
import { fieldMessages } from '../../../api/problem';
import type { Role } from '../../../api/types';
import { useMay } from '../../../app/session';
import { useLanguage, useT } from '../../../i18n';
import { formatList } from '../../../i18n/format';
import { Dialog } from '../../../ui/Dialog';
import { Form } from '../../../ui/Form';
import { Icon } from '../../../ui/Icon';
import panel from '../../../ui/Panel.module.css';
import { Blank, Failed, SkeletonRows } from '../../../ui/states';
import { useNames } from './names';
import { createRole, rolesQuery, useRightsChange } from './queries';
import classes from './Roles.module.css';

const RolePage = lazy(() => import('./RolePage'));

export default function Roles() {
  const t = useT();
  const { part } = useParams<{ part?: string }>();
  const { data, error, refetch } = useQuery(rolesQuery);
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />;
  const role = data.items.find((r) => r.id === part);
  if (part && !role) return <Blank icon="key" title={t('state.missing')} />;
  if (!role) return <List roles={data.items} />;
  return (
    <Suspense fallback={<SkeletonRows />}>
      <RolePage key={role.id} role={role} catalogue={data.rights} />
    </Suspense>
  );
}

function List({ roles }: { roles: Role[] }) {
  const t = useT();
  const may = useMay();
  const [adding, setAdding] = useState(false);
  return (
    <div className={panel.panel}>
      <div className={panel.tools}>
        <p className={`${panel.hint} ${panel.grow}`}>{t('roles.hint')}</p>
        {may('rights.manage') && (
          <Button leftSection={<Icon name="plus" size={16} />} onClick={() => setAdding(true)}>
            {t('roles.add')}
          </Button>
        )}
      </div>
      <ul className={panel.rows}>
        {roles.map((role) => (
          <Row key={role.id} role={role} />
        ))}
      </ul>
      {adding && <AddDialog onClose={() => setAdding(false)} />}
    </div>
  );
}

const namesShown = 4;

function Row({ role }: { role: Role }) {
  const { t, lang } = useLanguage();
  const names = useNames();
  const who = role.grants.slice(0, namesShown).map((g) => g.to?.name ?? names.grantee(g));
  return (
    <li className={panel.row}>
      <Link href={`/admin/roles/${role.id}`} className={classes.role}>
        <span className={panel.main}>
          {names.role(role)}
          <span className={panel.sub}>
            {who.length === 0
              ? t('roles.nobody')
              : formatList(lang, who) +
                (role.grants.length > namesShown ? t('roles.andMore', { count: role.grants.length }) : '')}
          </span>
        </span>
        {role.external && <span className={classes.outside}>{t('person.external')}</span>}
        {role.key && <span className={panel.tag}>{t('roles.readyMade')}</span>}
        <Icon name="right" size={14} />
      </Link>
    </li>
  );
}

function AddDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const [, navigate] = useLocation();
  const [name, setName] = useState('');
  const [external, setExternal] = useState(false);
  const add = useRightsChange(createRole, 'roles.added', true);
  return (
    <Dialog title={t('roles.add')} onClose={onClose} size="sm" full={false}>
      <Form
        error={add.error}
        busy={add.isPending}
        submit={t('action.save')}
        disabled={name.trim() === ''}
        onCancel={onClose}
        onSubmit={() =>
          add.mutate(
            { name: name.trim(), external },
            {
              onSuccess: (role) => {
                onClose();
                navigate(`/admin/roles/${role.id}`);
              },
            },
          )
        }
      >
        <TextInput
          label={t('roles.name')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fieldMessages(add.error, t).name}
          data-autofocus
          autoComplete="off"
        />
        <Checkbox
          checked={external}
          onChange={(event) => setExternal(event.currentTarget.checked)}
          label={t('roles.forOutsiders')}
        />
      </Form>
    </Dialog>
  );
}
