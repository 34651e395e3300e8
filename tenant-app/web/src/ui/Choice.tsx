// A list to choose from, with search. Loaded only where something is edited.
import { Select, type SelectProps } from '@mantine/core';
import '@mantine/core/styles/ScrollArea.layer.css';
import '@mantine/core/styles/Popover.layer.css';
import '@mantine/core/styles/Combobox.layer.css';
import { useT } from '../i18n';
import { usePhone } from './media';

/** Room for a button to clear that a finger hits, and the arrow. */
const fingers = 84;

export function Choice(props: SelectProps) {
  const t = useT();
  const phone = usePhone();
  return (
    <Select
      searchable
      nothingFoundMessage={t('state.nothingFound')}
      limit={200}
      {...(phone && props.clearable && props.value ? { rightSectionWidth: fingers } : {})}
      comboboxProps={{ withinPortal: true }}
      {...props}
    />
  );
}
