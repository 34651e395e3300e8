// Forms that were begun.
import { ActionIcon } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import { explain } from '../../api/problem';
import { useMe } from '../../app/session';
import { useLanguage } from '../../i18n';
import { formatTime } from '../../i18n/format';
import { Icon } from '../../ui/Icon';
import { notify } from '../../ui/notices';
import panel from '../../ui/Panel.module.css';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import classes from './Drafts.module.css';
import { said } from './model';
import { draftsQuery, dropDraft } from './queries';

export function Drafts() {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery(draftsQuery);
  const drop = useMutation({
    mutationFn: dropDraft,
    onError: (problem) => notify({ tone: 'bad', text: explain(problem, t) }),
    onSettled: () => client.invalidateQueries({ queryKey: draftsQuery.queryKey }),
  });
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />;
  if (data.items.length === 0) return <Blank icon="edit" title={t('approval.noDrafts')} />;
  return (
    <div className={panel.panel}>
      <ul className={panel.rows}>
        {data.items.map((draft) => (
          <li key={draft.id} className={panel.row}>
            <Link href={`/work/new/${draft.form.key}?draft=${draft.id}`} className={classes.draft}>
              {said(draft.form.name, lang)}
              <span className={panel.sub}>{formatTime(lang, draft.updatedAt, timezone)}</span>
            </Link>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={t('approval.dropDraft', { name: said(draft.form.name, lang) })}
              onClick={() => drop.mutate(draft.id)}
            >
              <Icon name="trash" />
            </ActionIcon>
          </li>
        ))}
      </ul>
    </div>
  );
}
