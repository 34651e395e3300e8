// What can be done with a message: a menu beside it, on a phone a sheet from below.
import { Menu } from '@mantine/core';
import { useWindowEvent } from '@mantine/hooks';
import '@mantine/core/styles/Popover.layer.css';
import '@mantine/core/styles/Menu.layer.css';
import { useT } from '../../i18n';
import type { Action } from '../../ui/ActionMenu';
import { Icon } from '../../ui/Icon';
import { usePhone } from '../../ui/media';
import { Sheet } from '../../ui/Sheet';
import classes from './MessageMenu.module.css';
import type { Window } from './MessageTools';
import type { Message } from './model';
import { useActions } from './useActions';

const emojis = ['👍', '❤️', '😄', '🎉', '👌', '🙏'];

type Props = {
  message: Message;
  own: boolean;
  className: string;
  onClose: () => void;
  onWindow: (window: Window) => void;
};

export default function MessageMenu({ message, own, className, onClose, onWindow }: Props) {
  const t = useT();
  const phone = usePhone();
  // Wherever the focus is: the box to write in may have taken it.
  useWindowEvent('keydown', (event) => event.key === 'Escape' && onClose());
  const { actions, react } = useActions(message, own, onWindow);
  const pick = (emoji: string) => {
    onClose();
    react(emoji);
  };
  if (phone) {
    return (
      <Sheet label={t('chat.actions')} onClose={onClose}>
        <Emojis onPick={pick} />
        <ul className={classes.actions}>
          {actions.map((a) => (
            <li key={a.label}>
              <SheetAction action={a} onClose={onClose} />
            </li>
          ))}
        </ul>
      </Sheet>
    );
  }
  return (
    <Menu
      opened
      withInitialFocusPlaceholder={false}
      onClose={onClose}
      position={own ? 'bottom-end' : 'bottom-start'}
      shadow="md"
      width={216}
      withinPortal
    >
      <Menu.Target>
        <button type="button" className={className} aria-label={t('chat.actions')}>
          <Icon name="more" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Emojis onPick={pick} inMenu />
        {actions.map((a) => (
          <Menu.Item
            key={a.label}
            leftSection={<Icon name={a.icon} size={16} />}
            onClick={a.run}
            {...(a.danger ? { c: 'var(--at-danger)' } : {})}
          >
            {a.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function SheetAction({ action, onClose }: { action: Action; onClose: () => void }) {
  return (
    <button
      type="button"
      data-danger={action.danger || undefined}
      onClick={() => {
        onClose();
        action.run();
      }}
    >
      <Icon name={action.icon} size={20} />
      {action.label}
    </button>
  );
}

function Emojis({ onPick, inMenu = false }: { onPick: (emoji: string) => void; inMenu?: boolean }) {
  const t = useT();
  return (
    <div className={classes.emojis} {...(inMenu ? { role: 'group' } : {})}>
      {emojis.map((emoji) => (
        <button
          key={emoji}
          type="button"
          {...(inMenu ? { role: 'menuitem' } : {})}
          onClick={() => onPick(emoji)}
          aria-label={t('chat.react', { emoji })}
        >
          {emoji}
        </button>
      ))}
    </div>
  );
}
