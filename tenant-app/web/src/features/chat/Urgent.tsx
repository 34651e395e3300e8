// 加急: everybody has to say that they have seen it.
import { useQueryClient } from '@tanstack/react-query';
import { useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import { acknowledge } from './api';
import type { Message } from './model';
import { urgentQuery } from './queries';
import classes from './Urgent.module.css';
import { useMessageChange } from './useActions';

export function Urgent({ message, own }: { message: Message; own: boolean }) {
  const t = useT();
  const client = useQueryClient();
  const change = useMessageChange(() =>
    acknowledge(message.id).then(() => client.invalidateQueries(urgentQuery)),
  );
  const urgent = message.urgent;
  if (!urgent) return null;
  if (!own && !urgent.acknowledged) {
    return (
      <button
        type="button"
        className={classes.confirm}
        disabled={change.isPending}
        onClick={() => change.mutate(undefined)}
      >
        <Icon name="urgent" size={16} /> {t('chat.acknowledge')}
      </button>
    );
  }
  return (
    <span className={classes.state}>
      <Icon name="urgent" size={14} />
      {own ? t('chat.urgentCounts', { done: urgent.count, waiting: urgent.waiting }) : t('chat.acknowledged')}
    </span>
  );
}
