// 同意记录: who agreed to the user agreement and the privacy policy, and who has not yet.
import { Button, SegmentedControl, TextInput } from '@mantine/core';
import '@mantine/core/styles/SegmentedControl.layer.css';
import '@mantine/core/styles/FloatingIndicator.layer.css';
import { useDebouncedValue } from '@mantine/hooks';
import { infiniteQueryOptions, useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '../../api/client';
import { explain } from '../../api/problem';
import type { ConsentRecord } from '../../api/types';
import { useMe } from '../../app/session';
import { type Key, useLanguage, useT } from '../../i18n';
import { formatDate, formatTime } from '../../i18n/format';
import { Icon } from '../../ui/Icon';
import { notify } from '../../ui/notices';
import panel from '../../ui/Panel.module.css';
import { PersonAvatar } from '../../ui/PersonAvatar';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { type Format, saveConsents } from './files';

const typingMs = 200;

const consentsQuery = (q: string, open: boolean) =>
  infiniteQueryOptions({
    queryKey: ['consents', q, open],
    queryFn: ({ pageParam, signal }) =>
      take(
        api.GET('/api/v1/consents', {
          params: { query: { q, open, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
  });

export default function Consents() {
  const { t, lang } = useLanguage();
  const [typed, setTyped] = useState('');
  const [q] = useDebouncedValue(typed.trim(), typingMs);
  const [which, setWhich] = useState('all');
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    consentsQuery(q, which === 'open'),
  );
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />;
  const records = data.pages.flatMap((page) => page.items);
  const now = data.pages[0];
  return (
    <div className={panel.panel}>
      {now && (
        <p className={panel.hint}>
          {t('consents.hint', { edition: now.edition, since: formatDate(lang, now.since) })}
        </p>
      )}
      <div className={panel.tools}>
        <SegmentedControl
          aria-label={t('consents.which')}
          value={which}
          onChange={setWhich}
          data={[
            { value: 'all', label: t('consents.all') },
            { value: 'open', label: t('consents.open') },
          ]}
        />
        <TextInput
          type="search"
          className={panel.grow ?? ''}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          placeholder={t('consents.search')}
          aria-label={t('consents.search')}
          leftSection={<Icon name="search" size={16} />}
        />
        <Export />
      </div>
      {records.length === 0 ? (
        <Blank
          icon="shield"
          title={t(which === 'open' && q === '' ? 'consents.allAgreed' : 'consents.none')}
        />
      ) : (
        <ul className={panel.rows}>
          {records.map((r) => (
            <Row key={`${r.personId} ${r.at}`} record={r} />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('people.more')}
        </Button>
      )}
    </div>
  );
}

function Export() {
  const t = useT();
  const save = useMutation({
    mutationFn: (format: Format) => saveConsents(format),
    onError: (error) => notify({ tone: 'bad', text: explain(error, t) }),
  });
  return (
    <>
      <Button variant="default" loading={save.isPending} onClick={() => save.mutate('xlsx')}>
        {t('people.exportXlsx')}
      </Button>
      <Button variant="default" loading={save.isPending} onClick={() => save.mutate('csv')}>
        {t('people.exportCsv')}
      </Button>
    </>
  );
}

const stateNames: Record<ConsentRecord['state'], Key> = {
  agreed: 'consents.agreed',
  outdated: 'consents.outdated',
  withdrawn: 'consents.withdrawn',
  unasked: 'consents.unasked',
};

function Row({ record: r }: { record: ConsentRecord }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const who = [r.department, r.external && t('person.external'), r.left && t('consents.left')].filter(
    Boolean,
  );
  const when = r.at && [
    t('consents.from', {
      edition: r.edition ?? 0,
      at: formatTime(lang, r.at, timezone),
      address: r.address || t('consents.noAddress'),
    }),
    r.withdrawnAt && t('consents.withdrawnAt', { at: formatTime(lang, r.withdrawnAt, timezone) }),
  ];
  return (
    <li className={panel.row}>
      <PersonAvatar id={r.personId} text={r.name.slice(-2)} size={36} />
      <span className={panel.main}>
        {r.name}
        {who.length > 0 && <span className={panel.sub}>{who.join(' · ')}</span>}
        {when && <span className={panel.sub}>{when.filter(Boolean).join(' · ')}</span>}
      </span>
      <span className={panel.tag}>{t(stateNames[r.state])}</span>
    </li>
  );
}
