// What a role gives: rights down, scopes across on a desktop, one choice for each right on a phone.
import { ActionIcon, Button, Checkbox } from '@mantine/core';
import '@mantine/core/styles/InlineInput.layer.css';
import '@mantine/core/styles/Checkbox.layer.css';
import '@mantine/core/styles/CheckboxIndicator.layer.css';
import { Fragment, useState } from 'react';
import type { CatalogueRight, Role } from '../../../api/types';
import { useT } from '../../../i18n';
import { Choice } from '../../../ui/Choice';
import { Icon } from '../../../ui/Icon';
import { usePhone } from '../../../ui/media';
import { DepartmentChoice } from './GrantDialog';
import {
  type Cell,
  cellsOf,
  type Draft,
  draftOf,
  incomplete,
  sameRights,
  scopesFor,
  toggleMask,
  withScope,
} from './matrix';
import { useNames } from './names';
import { setRights, useRightsChange } from './queries';
import classes from './Roles.module.css';

const columns: Cell['scope'][] = ['self', 'part', 'department', 'tree', 'chosen', 'all'];

type Props = { role: Role; catalogue: CatalogueRight[]; edit: boolean };

export default function Matrix({ role, catalogue, edit }: Props) {
  const t = useT();
  const phone = usePhone();
  const before = draftOf(role.rights);
  const [draft, setDraft] = useState<Draft>(before);
  const save = useRightsChange(() => setRights(role, cellsOf(draft, catalogue)), 'roles.saved');
  const rights = catalogue.filter((right) => !role.external || right.outside);
  const changed = !sameRights(before, draft);
  const shared = { rights, external: role.external, draft, edit, onChange: setDraft };
  return (
    <>
      <h3 className={classes.section}>{t('roles.what')}</h3>
      {phone ? <Ones {...shared} /> : <Table {...shared} />}
      {edit && (
        <div className={classes.bar}>
          <p>{changed ? t('roles.unsaved') : ''}</p>
          <Button variant="default" disabled={!changed} onClick={() => setDraft(before)}>
            {t('roles.reset')}
          </Button>
          <Button
            disabled={!changed || incomplete(draft)}
            loading={save.isPending}
            onClick={() => save.mutate(undefined)}
          >
            {t('action.save')}
          </Button>
        </div>
      )}
    </>
  );
}

type Shared = {
  rights: CatalogueRight[];
  external: boolean;
  draft: Draft;
  edit: boolean;
  onChange: (draft: Draft) => void;
};

function Table(props: Shared) {
  const t = useT();
  const names = useNames();
  const { rights, draft } = props;
  return (
    <div className={classes.frame}>
      <table className={classes.matrix}>
        <thead>
          <tr>
            <th>{t('roles.right')}</th>
            <th>{t('scope.none')}</th>
            {columns.map((scope) => (
              <th key={scope}>{names.scope(scope)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rights.map((right, i) => {
            const module = names.module(right.right);
            const first = i === 0 || module !== names.module(rights[i - 1]?.right ?? '');
            return (
              <Fragment key={right.right}>
                {first && (
                  <tr>
                    <th className={classes.module} colSpan={columns.length + 2} scope="rowgroup">
                      {module}
                    </th>
                  </tr>
                )}
                <Line {...props} right={right} />
                {draft[right.right] && hasExtras(right, draft) && (
                  <tr>
                    <td className={classes.extra} colSpan={columns.length + 2}>
                      <Extras {...props} right={right} />
                    </td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

type OfRight = Shared & { right: CatalogueRight };

const hasExtras = (right: CatalogueRight, draft: Draft) =>
  right.fields.length > 0 || draft[right.right]?.scope === 'chosen';

function Line({ right, external, draft, edit, onChange }: OfRight) {
  const t = useT();
  const names = useNames();
  const offered = scopesFor(right, external);
  const now = draft[right.right]?.scope ?? null;
  const label = names.right(right.right);
  const dot = (scope: Cell['scope'] | null, name: string) => (
    <label className={classes.dot}>
      <span className="visually-hidden">{t('roles.cell', { right: label, scope: name })}</span>
      <input
        type="radio"
        name={right.right}
        checked={now === scope}
        disabled={!edit}
        onChange={() => onChange(withScope(draft, right.right, scope))}
      />
    </label>
  );
  return (
    <tr>
      <th scope="row">
        {label}
        <span className={classes.hint}>{names.hint(right.right)}</span>
      </th>
      <td>{dot(null, t('scope.none'))}</td>
      {columns.map((scope) => (
        <td key={scope}>{offered.includes(scope) && dot(scope, names.scope(scope))}</td>
      ))}
    </tr>
  );
}

function Ones(props: Shared) {
  const t = useT();
  const names = useNames();
  const { rights, external, draft, edit, onChange } = props;
  return (
    <div className={classes.frame}>
      {rights.map((right) => (
        <div key={right.right} className={classes.one}>
          <Choice
            label={`${names.module(right.right)} · ${names.right(right.right)}`}
            description={names.hint(right.right)}
            searchable={false}
            allowDeselect={false}
            disabled={!edit}
            data={[
              { value: 'none', label: t('scope.none') },
              ...scopesFor(right, external).map((scope) => ({ value: scope, label: names.scope(scope) })),
            ]}
            value={draft[right.right]?.scope ?? 'none'}
            onChange={(scope) =>
              onChange(withScope(draft, right.right, scope === 'none' ? null : (scope as Cell['scope'])))
            }
          />
          {draft[right.right] && hasExtras(right, draft) && <Extras {...props} right={right} />}
        </div>
      ))}
    </div>
  );
}

function Extras({ right, draft, edit, onChange }: OfRight) {
  const t = useT();
  const names = useNames();
  const cell = draft[right.right];
  if (!cell) return null;
  const departments = cell.departments ?? [];
  const choose = (list: typeof departments) =>
    onChange({ ...draft, [right.right]: { ...cell, departments: list } });
  return (
    <>
      {cell.scope === 'chosen' && (
        <div className={classes.more}>
          {departments.map((d) => (
            <span key={d.id} className={classes.grant} data-plain={!edit || undefined}>
              {d.name}
              {edit && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size="lg"
                  aria-label={t('roles.dropDepartment', { name: d.name })}
                  onClick={() => choose(departments.filter((x) => x.id !== d.id))}
                >
                  <Icon name="close" size={14} />
                </ActionIcon>
              )}
            </span>
          ))}
          {edit && (
            <DepartmentChoice
              key={departments.length}
              label={t('roles.addDepartment')}
              value={null}
              onPick={(d) => d && !departments.some((x) => x.id === d.id) && choose([...departments, d])}
            />
          )}
        </div>
      )}
      {right.fields.length > 0 && (
        <div className={classes.more}>
          <span className={classes.label}>{t('roles.masks')}</span>
          {right.fields.map((field) => (
            <Checkbox
              key={field}
              label={names.field(field)}
              checked={cell.masks?.includes(field) ?? false}
              disabled={!edit}
              onChange={() => onChange(toggleMask(draft, right.right, field))}
            />
          ))}
        </div>
      )}
    </>
  );
}
