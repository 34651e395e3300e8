// Signs that people put into messages. The picker closes when the focus leaves it.
import { useEffect, useRef } from 'react';
import { useT } from '../../i18n';
import classes from './EmojiPicker.module.css';

const emojis = [
  ...['😀', '😄', '😂', '😊', '😉', '😍', '😘', '😎', '🤔', '😅', '😭', '😡', '😱', '🥳', '😴', '🤝'],
  ...['👍', '👎', '👌', '👏', '🙏', '💪', '✌️', '👋', '🫡', '❤️', '🔥', '🎉', '🌹', '☕', '🍻', '🎂'],
  ...['✅', '❌', '❗', '❓', '⏰', '📌', '📎', '📅', '📈', '💰', '🚀', '🏃', '🌞', '🌧️', '🐂', '💯'],
];

export default function EmojiPicker({
  onPick,
  onClose,
}: {
  onPick: (emoji: string) => void;
  onClose: () => void;
}) {
  const t = useT();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const outside = (event: PointerEvent) => {
      if (!box.current?.parentElement?.contains(event.target as Node)) onClose();
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [onClose]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a popup of buttons is no fieldset
    <div
      ref={box}
      className={classes.picker}
      role="group"
      aria-label={t('chat.emoji')}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
    >
      {emojis.map((emoji) => (
        <button key={emoji} type="button" onClick={() => onPick(emoji)} aria-label={emoji}>
          {emoji}
        </button>
      ))}
    </div>
  );
}
