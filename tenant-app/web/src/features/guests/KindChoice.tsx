// What an organisation is to the company.
import type { Organisation } from '../../api/types';
import { type Key, useT } from '../../i18n';
import { Choice } from '../../ui/Choice';

type Kind = Organisation['kind'];

const kinds: Kind[] = ['customer', 'supplier', 'partner'];

export function KindChoice({ value, onPick }: { value: Kind; onPick: (kind: Kind) => void }) {
  const t = useT();
  return (
    <Choice
      label={t('guests.organisationKind')}
      searchable={false}
      allowDeselect={false}
      data={kinds.map((kind) => ({ value: kind, label: t(`guests.kind.${kind}` as Key) }))}
      value={value}
      onChange={(kind) => kind && onPick(kind as Kind)}
    />
  );
}
