// "⋯": what can be done with the thing beside it. The menu comes when somebody asks for it.
import { ActionIcon } from '@mantine/core';
import { lazy, Suspense, useRef, useState } from 'react';
import { Icon, type IconName } from './Icon';
import { useFocusBack } from './useFocusBack';

const OpenMenu = lazy(() => import('./OpenMenu'));

export type Action = { label: string; icon: IconName; run: () => void; danger?: boolean; disabled?: boolean };

export function ActionMenu({ label, actions }: { label: string; actions: Action[] }) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  useFocusBack(button, open);
  const more = (
    <ActionIcon
      ref={button}
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={label}
      aria-haspopup="menu"
      title={label}
      onClick={() => setOpen(true)}
    >
      <Icon name="more" />
    </ActionIcon>
  );
  if (!open) return more;
  return (
    <Suspense fallback={more}>
      <OpenMenu target={more} actions={actions} onClose={() => setOpen(false)} />
    </Suspense>
  );
}
