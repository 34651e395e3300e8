// One role: who has it, and what it gives.
import { ActionIcon, Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { CatalogueRight, Role, RoleGrantee } from '../../../api/types';
import { useMay, useMe } from '../../../app/session';
import { useT } from '../../../i18n';
import { ActionMenu } from '../../../ui/ActionMenu';
import { Confirm } from '../../../ui/Confirm';
import { Icon } from '../../../ui/Icon';
import panel from '../../../ui/Panel.module.css';
import Matrix from './Matrix';
import { useNames } from './names';
import { deleteRole, renameRole, rolesQuery, useRightsChange, withdrawRole } from './queries';
import classes from './Roles.module.css';

const NameDialog = lazy(() => import('../NameDialog'));
const GrantDialog = lazy(() => import('./GrantDialog'));

export default function RolePage({ role, catalogue }: { role: Role; catalogue: CatalogueRight[] }) {
  const t = useT();
  const may = useMay();
  const names = useNames();
  const edit = may('rights.manage');
  return (
    <div className={`${panel.panel} ${panel.wide}`}>
      <div className={classes.head}>
        <Link href="/admin/roles" className={classes.back} aria-label={t('action.back')}>
          <Icon name="left" />
        </Link>
        <h2>{names.role(role)}</h2>
        {role.external && <span className={classes.outside}>{t('person.external')}</span>}
        {role.key ? (
          <span className={panel.tag}>{t('roles.readyMade')}</span>
        ) : (
          edit && <Actions role={role} />
        )}
      </div>
      {role.fixed && <p className={panel.hint}>{t('roles.fixed')}</p>}
      <Grants role={role} edit={edit} />
      <Matrix key={role.revision} role={role} catalogue={catalogue} edit={edit && !role.fixed} />
    </div>
  );
}

function Actions({ role }: { role: Role }) {
  const t = useT();
  const [, navigate] = useLocation();
  const [open, setOpen] = useState<'rename' | 'delete'>();
  const remove = useRightsChange(deleteRole, 'roles.deleted');
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: rolesQuery.queryKey });
  const close = () => setOpen(undefined);
  return (
    <>
      <ActionMenu
        label={t('roles.actions', { name: role.name })}
        actions={[
          { label: t('roles.rename'), icon: 'edit', run: () => setOpen('rename') },
          { label: t('roles.delete'), icon: 'trash', run: () => setOpen('delete'), danger: true },
        ]}
      />
      {open === 'rename' && (
        <Suspense fallback={null}>
          <NameDialog
            title={t('roles.rename')}
            label={t('roles.name')}
            name={role.name}
            done="roles.renamed"
            save={(name) => renameRole(role, name).then(again)}
            onClose={close}
          />
        </Suspense>
      )}
      {open === 'delete' && (
        <Confirm
          title={t('roles.delete')}
          text={t('roles.deleteText', { name: role.name })}
          confirm={t('roles.delete')}
          danger
          busy={remove.isPending}
          onConfirm={() => remove.mutate(role, { onSuccess: () => navigate('/admin/roles'), onError: close })}
          onClose={close}
        />
      )}
    </>
  );
}

function Grants({ role, edit }: { role: Role; edit: boolean }) {
  const t = useT();
  const me = useMe();
  const names = useNames();
  const [adding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<RoleGrantee>();
  const withdraw = useRightsChange((g: RoleGrantee) => withdrawRole(role, g.id), 'roles.withdrawn');
  return (
    <>
      <h3 className={classes.section}>{t('roles.who')}</h3>
      {role.grants.length === 0 && <p className={panel.hint}>{t('roles.nobody')}</p>}
      <ul className={classes.grants}>
        {role.grants.map((g) => {
          const mine = edit && g.to?.id !== me.personId;
          return (
            <li key={g.id} className={classes.grant} data-plain={!mine || undefined}>
              <span>{names.grantee(g)}</span>
              {mine && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size="lg"
                  aria-label={t('roles.withdrawFrom', { name: names.grantee(g) })}
                  onClick={() => setLeaving(g)}
                >
                  <Icon name="close" size={14} />
                </ActionIcon>
              )}
            </li>
          );
        })}
      </ul>
      {edit && (
        <div>
          <Button
            variant="light"
            leftSection={<Icon name="plus" size={16} />}
            onClick={() => setAdding(true)}
          >
            {t('roles.grant')}
          </Button>
        </div>
      )}
      {adding && (
        <Suspense fallback={null}>
          <GrantDialog role={role} onClose={() => setAdding(false)} />
        </Suspense>
      )}
      {leaving && (
        <Confirm
          title={t('roles.withdraw')}
          text={t('roles.withdrawText', { role: names.role(role), name: names.grantee(leaving) })}
          confirm={t('roles.withdraw')}
          danger
          busy={withdraw.isPending}
          onConfirm={() => withdraw.mutate(leaving, { onSettled: () => setLeaving(undefined) })}
          onClose={() => setLeaving(undefined)}
        />
      )}
    </>
  );
}
