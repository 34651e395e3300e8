// An open menu below its button.
import { Menu } from '@mantine/core';
import { useWindowEvent } from '@mantine/hooks';
import '@mantine/core/styles/Popover.layer.css';
import '@mantine/core/styles/Menu.layer.css';
import type { ReactElement } from 'react';
import type { Action } from './ActionMenu';
import { Icon } from './Icon';

type Props = { target: ReactElement; actions: Action[]; onClose: () => void };

export default function OpenMenu({ target, actions, onClose }: Props) {
  // Wherever the focus is: a page that read something anew may have taken it.
  useWindowEvent('keydown', (event) => event.key === 'Escape' && onClose());
  return (
    <Menu
      opened
      onClose={onClose}
      withInitialFocusPlaceholder={false}
      position="bottom-end"
      shadow="md"
      width={196}
      withinPortal
    >
      <Menu.Target>{target}</Menu.Target>
      <Menu.Dropdown>
        {actions.map((a) => (
          <Menu.Item
            key={a.label}
            leftSection={<Icon name={a.icon} size={16} />}
            onClick={a.run}
            disabled={a.disabled ?? false}
            {...(a.danger ? { c: 'var(--at-danger)' } : {})}
          >
            {a.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
