// Chooses a person by name, pinyin or number.
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Choice } from '../../../ui/Choice';
import { findQuery } from '../queries';

export type Picked = { id: string; name: string };

const typingMs = 200;

type Props = {
  label: string;
  value: Picked | null;
  onPick: (person: Picked | null) => void;
  /** People who cannot be chosen. */
  except?: string[];
  placeholder?: string;
  error?: string | undefined;
};

export function PersonPicker({ label, value, onPick, except = [], placeholder, error }: Props) {
  const [typed, setTyped] = useState('');
  const [q] = useDebouncedValue(typed.trim() === value?.name ? '' : typed.trim(), typingMs);
  const { data } = useQuery(findQuery(q, 20));
  const found = (q === '' ? [] : (data?.items ?? [])).filter((p) => !except.includes(p.id));
  const options = found.map((p) => ({
    value: p.id,
    label: p.name,
    hint: [p.posts[0]?.department.name, p.staffNo].filter(Boolean).join(' · '),
  }));
  if (value && !options.some((o) => o.value === value.id))
    options.push({ value: value.id, label: value.name, hint: '' });
  return (
    <Choice
      label={label}
      data={options}
      value={value?.id ?? null}
      onChange={(id) => {
        const person = options.find((o) => o.value === id);
        onPick(person ? { id: person.value, name: person.label } : null);
      }}
      searchValue={typed}
      onSearchChange={setTyped}
      filter={({ options: all }) => all}
      renderOption={({ option }) => (
        <span>
          {option.label}{' '}
          <small style={{ color: 'var(--at-dim)' }}>{(option as { hint?: string }).hint}</small>
        </span>
      )}
      clearable
      error={error}
      {...(placeholder ? { placeholder } : {})}
    />
  );
}
