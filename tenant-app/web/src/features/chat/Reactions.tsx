import { useT } from '../../i18n';
import type { Message } from './model';
import classes from './Reactions.module.css';
import { useReact } from './useActions';

export function Reactions({ message }: { message: Message }) {
  const t = useT();
  const react = useReact(message);
  return (
    <div className={classes.reactions}>
      {message.reactions.map((r) => (
        <button
          key={r.emoji}
          type="button"
          aria-pressed={r.mine}
          aria-label={t('chat.reactions', { emoji: r.emoji, count: r.count })}
          onClick={() => react(r.emoji)}
        >
          {r.emoji} <span>{r.count}</span>
        </button>
      ))}
    </div>
  );
}
