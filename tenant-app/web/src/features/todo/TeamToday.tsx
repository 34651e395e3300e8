// 团队今天, for those who lead somebody: who is away, and what waits for whom since when.
import { useQuery } from '@tanstack/react-query';
import { useMe } from '../../app/session';
import { useLanguage } from '../../i18n';
import { useMinute } from '../../ui/minute';
import { whenText } from '../chat/sentences';
import { shortly } from '../chat/time';
import { teamQuery } from './queries';
import classes from './TodoPage.module.css';

export function TeamToday() {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const now = useMinute();
  const { data } = useQuery(teamQuery);
  if (!data || data.people === 0) return null;
  return (
    <details className={classes.team}>
      <summary>
        {t('todo.team')}
        <span>{t('todo.teamCounts', { away: data.away.length, waiting: data.load.length })}</span>
      </summary>
      <p>
        {data.away.length === 0
          ? t('todo.nobodyAway')
          : t('todo.away', { names: data.away.map((a) => a.person.name).join(' ') })}
      </p>
      <ul>
        {data.load.map((load) => (
          <li key={load.person.id}>
            {t(load.overdue > 0 ? 'todo.loadLate' : 'todo.load', {
              name: load.person.name,
              waiting: load.waiting,
              overdue: load.overdue,
              since: whenText(shortly(lang, load.oldest, timezone, now), t),
            })}
          </li>
        ))}
      </ul>
    </details>
  );
}
