// Copying a text, also where the clipboard interface is closed (plain-http pages, embedded browsers).
import { ActionIcon } from '@mantine/core';
import { useT } from '../i18n';
import { Icon } from './Icon';
import { notify } from './notices';

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const box = document.createElement('textarea');
    box.value = text;
    box.style.position = 'fixed';
    box.style.opacity = '0';
    document.body.append(box);
    box.select();
    const done = document.execCommand('copy');
    box.remove();
    return done;
  }
}

export function useCopy() {
  const t = useT();
  return async (text: string) => {
    const done = await copyText(text);
    notify(done ? { tone: 'good', text: t('action.copied') } : { tone: 'bad', text: t('action.notCopied') });
  };
}

export function CopyIcon({ text, label }: { text: string; label: string }) {
  const copy = useCopy();
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="md"
      aria-label={label}
      title={label}
      onClick={() => void copy(text)}
    >
      <Icon name="copy" size={16} />
    </ActionIcon>
  );
}
