import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '../../api/client';
import { explain } from '../../api/problem';
import type { Session } from '../../api/types';
import { useMe } from '../../app/session';
import { useLanguage, useT } from '../../i18n';
import { formatTime } from '../../i18n/format';
import { Confirm } from '../../ui/Confirm';
import { Icon } from '../../ui/Icon';
import { notify } from '../../ui/notices';
import panel from '../../ui/Panel.module.css';
import { Failed, SkeletonRows } from '../../ui/states';
import { describeAgent } from './agent';

const sessionsQuery = { queryKey: ['sessions'], queryFn: () => take(api.GET('/api/v1/sessions')) };

export function Devices() {
  const t = useT();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery(sessionsQuery);
  const [asking, setAsking] = useState<Session | 'others'>();
  const end = useMutation({
    mutationFn: (which: Session | 'others') =>
      which === 'others'
        ? take(api.DELETE('/api/v1/sessions'))
        : take(api.DELETE('/api/v1/sessions/{id}', { params: { path: { id: which.id } } })),
    onSuccess: () => notify({ tone: 'good', text: t('devices.ended') }),
    onError: (problem) => notify({ tone: 'bad', text: explain(problem, t) }),
    onSettled: () => {
      setAsking(undefined);
      return client.invalidateQueries(sessionsQuery);
    },
  });

  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows rows={3} />;
  const others = data.items.filter((s) => !s.current).length;
  return (
    <div className={panel.panel}>
      <p className={panel.hint}>{t('devices.hint')}</p>
      <ul className={panel.rows}>
        {data.items.map((session) => (
          <Device key={session.id} session={session} onEnd={() => setAsking(session)} />
        ))}
      </ul>
      {others > 0 && (
        <div>
          <Button variant="default" onClick={() => setAsking('others')}>
            {t('devices.endOthers')}
          </Button>
        </div>
      )}
      {asking && (
        <Confirm
          title={t(asking === 'others' ? 'devices.endOthers' : 'devices.end')}
          text={t(asking === 'others' ? 'devices.endOthersText' : 'devices.endText', { count: others })}
          confirm={t('devices.end')}
          danger
          busy={end.isPending}
          onConfirm={() => end.mutate(asking)}
          onClose={() => setAsking(undefined)}
        />
      )}
    </div>
  );
}

function Device({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const agent = describeAgent(session.userAgent);
  return (
    <li className={panel.row}>
      <Icon name={agent.mobile ? 'mobile' : 'device'} size={22} />
      <span className={panel.main}>
        {[agent.system, agent.browser].filter(Boolean).join(' · ') || t('devices.unknown')}
        <span className={panel.sub}>
          {[
            t('devices.seen', { at: formatTime(lang, session.seenAt, timezone) }),
            session.address,
            session.shared && t('devices.shared'),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </span>
      {session.current ? (
        <span className={panel.tag}>{t('devices.current')}</span>
      ) : (
        <Button variant="subtle" onClick={onEnd}>
          {t('devices.end')}
        </Button>
      )}
    </li>
  );
}
