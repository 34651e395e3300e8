// A list to choose from, with search. Loaded only where something is edited.
import { Select, type SelectProps } from '@mantine/core';
import '@mantine/core/styles/ScrollArea.layer.css';
import '@mantine/core/styles/Popover.layer.css';
import '@mantine/core/styles/Combobox.layer.css';
import { useT } from '../i18n';

export function Choice(props: SelectProps) {
  const t = useT();
  return (
    <Select
      searchable
      nothingFoundMessage={t('state.nothingFound')}
      limit={200}
      comboboxProps={{ withinPortal: true }}
      {...props}
    />
  );
}
