// "⋯": what can be done with the thing beside it.
import { ActionIcon, Menu } from '@mantine/core';
import '@mantine/core/styles/Popover.layer.css';
import '@mantine/core/styles/Menu.layer.css';
import { Icon, type IconName } from './Icon';

export type Action = { label: string; icon: IconName; run: () => void; danger?: boolean; disabled?: boolean };

export function ActionMenu({ label, actions }: { label: string; actions: Action[] }) {
  return (
    <Menu withInitialFocusPlaceholder={false} position="bottom-end" shadow="md" width={196} withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} title={label}>
          <Icon name="more" />
        </ActionIcon>
      </Menu.Target>
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
