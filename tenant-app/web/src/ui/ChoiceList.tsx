// The list of a Choice, with search.
import { Select, type SelectProps } from '@mantine/core';
import '@mantine/core/styles/ScrollArea.layer.css';
import '@mantine/core/styles/Popover.layer.css';
import '@mantine/core/styles/Combobox.layer.css';
import { useT } from '../i18n';
import { usePhone } from './media';

// On a phone the button to clear takes the place of the arrow: both would be too small to hit.
const clearOnly = { rightSectionWidth: 44, clearSectionMode: 'clear' } as const;

// Mantine paints it like the inside of the input, over the input's frame.
const clearStyle = { background: 'transparent', pointerEvents: 'all' } as const;

// In the page's own coordinates a list that was measured before it was shown would make the page wider, and a list that
// hides while its input is scrolled away would flicker on a phone.
const place = { withinPortal: true, floatingStrategy: 'fixed', hideDetached: false } as const;

const tall = { option: { minHeight: 44 } } as const;

export default function ChoiceList(props: SelectProps) {
  const t = useT();
  const phone = usePhone();
  return (
    <Select
      searchable
      nothingFoundMessage={t('state.nothingFound')}
      limit={200}
      {...(phone && props.clearable && props.value ? clearOnly : {})}
      clearButtonProps={{ 'aria-label': t('action.clear'), style: clearStyle }}
      comboboxProps={place}
      {...(phone ? { styles: tall } : {})}
      {...props}
    />
  );
}
