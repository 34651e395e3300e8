// Gives a role to a person, a department, a position or a group.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Role, RoleGrantee } from '../../../api/types';
import { type Key, useT } from '../../../i18n';
import { Choice } from '../../../ui/Choice';
import { Dialog } from '../../../ui/Dialog';
import { Form } from '../../../ui/Form';
import { PersonPicker, type Picked } from '../../directory/manage/PersonPicker';
import { positionsQuery, treeQuery } from '../../directory/queries';
import { pathText } from '../../directory/tree';
import { useNames } from './names';
import { grantRole, useRightsChange } from './queries';

type Kind = RoleGrantee['kind'];

function kindsFor(role: Role): Kind[] {
  if (role.fixed) return ['person'];
  if (role.external) return ['customers', 'suppliers', 'partners'];
  return ['person', 'department', 'position', 'heads', 'staff'];
}

const needsOne = (kind: Kind) => kind === 'person' || kind === 'department' || kind === 'position';

export default function GrantDialog({ role, onClose }: { role: Role; onClose: () => void }) {
  const t = useT();
  const names = useNames();
  const kinds = kindsFor(role);
  const [kind, setKind] = useState<Kind>(kinds[0] ?? 'person');
  const [to, setTo] = useState<Picked | null>(null);
  const grant = useRightsChange(() => grantRole(role, kind, to?.id), 'roles.granted', true);
  return (
    <Dialog title={t('roles.grantOf', { name: names.role(role) })} onClose={onClose} size="sm" full={false}>
      <Form
        error={grant.error}
        busy={grant.isPending}
        submit={t('roles.grant')}
        onSubmit={() => grant.mutate(undefined, { onSuccess: onClose })}
        onCancel={onClose}
        disabled={needsOne(kind) && !to}
      >
        {kinds.length > 1 && (
          <Choice
            label={t('roles.toKind')}
            data={kinds.map((k) => ({ value: k, label: t(`grantee.${k}` as Key) }))}
            value={kind}
            allowDeselect={false}
            onChange={(value) => {
              if (value) setKind(value as Kind);
              setTo(null);
            }}
          />
        )}
        {kind === 'person' && (
          <PersonPicker
            label={t('grantee.person')}
            value={to}
            onPick={setTo}
            except={role.grants.flatMap((g) => g.to?.id ?? [])}
            placeholder={t('person.find')}
          />
        )}
        {kind === 'department' && (
          <DepartmentChoice label={t('grantee.department')} value={to} onPick={setTo} />
        )}
        {kind === 'position' && <PositionChoice value={to} onPick={setTo} />}
      </Form>
    </Dialog>
  );
}

type ChoiceProps = { value: Picked | null; onPick: (picked: Picked | null) => void };

export function DepartmentChoice({ label, value, onPick }: ChoiceProps & { label: string }) {
  const { data: tree } = useQuery(treeQuery);
  const options = (tree?.departments ?? []).map((d) => ({
    value: d.id,
    label: pathText(tree?.departments ?? [], d.id),
  }));
  return (
    <Choice
      label={label}
      data={options}
      value={value?.id ?? null}
      onChange={(id) => {
        const found = options.find((o) => o.value === id);
        onPick(found ? { id: found.value, name: found.label } : null);
      }}
    />
  );
}

function PositionChoice({ value, onPick }: ChoiceProps) {
  const t = useT();
  const { data } = useQuery(positionsQuery);
  return (
    <Choice
      label={t('grantee.position')}
      data={(data?.items ?? []).map((p) => ({ value: p.id, label: p.name }))}
      value={value?.id ?? null}
      onChange={(id) => onPick(data?.items.find((p) => p.id === id) ?? null)}
    />
  );
}
