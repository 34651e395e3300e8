// A list to choose from, with search. It weighs half a window: until it is there, an input of its size stands in its place.
import { type SelectProps, TextInput } from '@mantine/core';
import { lazy, Suspense } from 'react';

const ChoiceList = lazy(() => import('./ChoiceList'));

export function Choice(props: SelectProps) {
  const { label, description, placeholder, error, withAsterisk } = props;
  const standIn = (
    <TextInput
      label={label}
      description={description}
      placeholder={placeholder}
      error={error}
      withAsterisk={withAsterisk}
      aria-label={props['aria-label']}
      readOnly
    />
  );
  return (
    <Suspense fallback={standIn}>
      <ChoiceList {...props} />
    </Suspense>
  );
}
