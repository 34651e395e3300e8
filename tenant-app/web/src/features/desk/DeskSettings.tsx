// 管理 › 建议箱: whether suggestions without a name are taken, and a warning while nobody answers any.
import { Button, Switch } from '@mantine/core';
import '@mantine/core/styles/InlineInput.layer.css';
import '@mantine/core/styles/Switch.layer.css';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import { explain } from '../../api/problem';
import { useMay } from '../../app/session';
import { useT } from '../../i18n';
import { Fault } from '../../ui/Form';
import { notify } from '../../ui/notices';
import panel from '../../ui/Panel.module.css';
import { Failed, SkeletonRows } from '../../ui/states';
import { setSettings, settingsQuery } from './queries';

export default function DeskSettings() {
  const t = useT();
  const may = useMay();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery(settingsQuery);
  const set = useMutation({
    mutationFn: setSettings,
    onSuccess: (kept) => client.setQueryData(settingsQuery.queryKey, kept),
    onError: (problem) => notify({ tone: 'bad', text: explain(problem, t) }),
  });
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows rows={1} />;
  return (
    <div className={panel.panel}>
      {data.handledBy === 'nobody' && <Fault text={t('desk.unattended')} />}
      {data.handledBy === 'administrators' && <p className={panel.hint}>{t('desk.byAdministrators')}</p>}
      {data.handledBy !== 'chosen' && may('rights.read') && (
        <div>
          <Button component={Link} href="/admin/roles" variant="default">
            {t('desk.attend')}
          </Button>
        </div>
      )}
      <Switch
        label={t('desk.allow')}
        description={t('desk.allowHint')}
        checked={data.anonymous}
        disabled={set.isPending}
        onChange={(event) => set.mutate(event.currentTarget.checked)}
      />
    </div>
  );
}
