// Departments and positions of one person; the first is the primary one.
import { ActionIcon, Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useT } from '../../../i18n';
import { Choice } from '../../../ui/Choice';
import { Icon } from '../../../ui/Icon';
import { positionsQuery, treeQuery } from '../queries';
import { pathText } from '../tree';
import classes from './PostsEditor.module.css';

export type Draft = { key: number; departmentId: string | null; positionId: string | null };

const maxPosts = 20;

type Props = { drafts: Draft[]; onChange: (drafts: Draft[]) => void; error?: string | undefined };

export function PostsEditor({ drafts, onChange, error }: Props) {
  const t = useT();
  const { data: tree } = useQuery(treeQuery);
  const { data: positions } = useQuery(positionsQuery);
  const departments = (tree?.departments ?? []).map((d) => ({
    value: d.id,
    label: pathText(tree?.departments ?? [], d.id),
  }));
  const posts = (positions?.items ?? []).map((p) => ({ value: p.id, label: p.name }));
  const set = (key: number, change: Partial<Draft>) =>
    onChange(drafts.map((draft) => (draft.key === key ? { ...draft, ...change } : draft)));
  const lead = (draft: Draft) => onChange([draft, ...drafts.filter((d) => d.key !== draft.key)]);

  return (
    <fieldset className={classes.posts}>
      <legend>{t('person.posts')}</legend>
      {drafts.map((draft, i) => (
        <div key={draft.key} className={classes.post}>
          <Choice
            aria-label={t('person.department')}
            placeholder={t('person.department')}
            data={departments}
            value={draft.departmentId}
            onChange={(departmentId) => set(draft.key, { departmentId })}
          />
          <Choice
            aria-label={t('person.position')}
            placeholder={t('person.position')}
            data={posts}
            value={draft.positionId}
            onChange={(positionId) => set(draft.key, { positionId })}
            clearable
          />
          <div className={classes.tools}>
            {i === 0 ? (
              <span className={classes.primary}>{t('person.primary')}</span>
            ) : (
              <ActionIcon
                variant="subtle"
                color="gray"
                size="lg"
                aria-label={t('person.makePrimary')}
                title={t('person.makePrimary')}
                onClick={() => lead(draft)}
              >
                <Icon name="star" size={16} />
              </ActionIcon>
            )}
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={t('person.removePost')}
              title={t('person.removePost')}
              onClick={() => onChange(drafts.filter((d) => d.key !== draft.key))}
            >
              <Icon name="close" size={16} />
            </ActionIcon>
          </div>
        </div>
      ))}
      {error && (
        <p className={classes.error} role="alert">
          {error}
        </p>
      )}
      <Button
        variant="subtle"
        size="compact-sm"
        className={classes.add}
        leftSection={<Icon name="plus" size={14} />}
        disabled={drafts.length >= maxPosts}
        onClick={() =>
          onChange([
            ...drafts,
            { key: Math.max(0, ...drafts.map((d) => d.key)) + 1, departmentId: null, positionId: null },
          ])
        }
      >
        {t('person.addPost')}
      </Button>
    </fieldset>
  );
}
