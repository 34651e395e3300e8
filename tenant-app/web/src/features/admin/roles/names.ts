// What roles, rights, scopes and fields are called. A name that this page does not know yet (a newer server) shows as it is.
import type { RoleGrantee } from '../../../api/types';
import { type Key, type Translate, useT } from '../../../i18n';
import { hasKey } from '../../../i18n/keys';

const named = (t: Translate, key: string, otherwise: string) => (hasKey(key) ? t(key as Key) : otherwise);

export function useNames() {
  const t = useT();
  return {
    role: (role: { key?: string; name: string }) =>
      role.key ? named(t, `role.${role.key}`, role.name) : role.name,
    right: (right: string) => named(t, `right.${right}`, right),
    hint: (right: string) => named(t, `right.${right}.hint`, ''),
    module: (right: string) => named(t, `right.${right.split('.')[0]}`, right.split('.')[0] ?? right),
    scope: (scope: string) => named(t, `scope.${scope}`, scope),
    field: (field: string) => named(t, `field.${field}`, field),
    kind: (kind: string) => named(t, `kind.${kind}`, kind),
    grantee: (g: { kind: RoleGrantee['kind']; to?: { name: string } }) =>
      g.to ? `${t(`grantee.${g.kind}` as Key)} · ${g.to.name}` : t(`grantee.${g.kind}` as Key),
  };
}

export type Names = ReturnType<typeof useNames>;
