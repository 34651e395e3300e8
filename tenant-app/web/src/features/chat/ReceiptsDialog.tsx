// Who has read a message, who has not, and what they answered.
import { SegmentedControl } from '@mantine/core';
import '@mantine/core/styles/SegmentedControl.layer.css';
import '@mantine/core/styles/FloatingIndicator.layer.css';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useMe } from '../../app/session';
import { useLanguage } from '../../i18n';
import { formatTime } from '../../i18n/format';
import { Dialog } from '../../ui/Dialog';
import { Failed, SkeletonRows } from '../../ui/states';
import { type Answered, readReceipts } from './api';
import type { Message } from './model';
import { PeopleRows } from './PeopleRows';

type Tab = 'read' | 'unread' | 'states';

const belongs: Record<Tab, (row: Answered) => boolean> = {
  read: (row) => row.read,
  unread: (row) => !row.read,
  states: (row) => row.state !== undefined || row.acknowledgedAt !== undefined,
};

/** All of them: a room has at most 2,000 members. */
async function everybody(message: string): Promise<Answered[]> {
  const rows: Answered[] = [];
  let cursor = '';
  do {
    const page = await readReceipts(message, cursor);
    rows.push(...page.items);
    cursor = page.next ?? '';
  } while (cursor !== '');
  return rows;
}

export function ReceiptsDialog({ message, onClose }: { message: Message; onClose: () => void }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const { data, error, refetch } = useQuery({
    queryKey: ['chat', 'receipts', message.id],
    queryFn: () => everybody(message.id),
  });
  const asks = message.receipt !== undefined || message.urgent !== undefined;
  const [tab, setTab] = useState<Tab>(asks ? 'states' : 'unread');
  const tabs: Tab[] = asks ? ['states', 'read', 'unread'] : ['read', 'unread'];
  const line = (row: Answered) => {
    const at = row.at ?? row.acknowledgedAt;
    const state = row.state ? t(`chat.state.${row.state}`) : row.acknowledgedAt && t('chat.acknowledge');
    return [state, at && formatTime(lang, at, timezone)].filter(Boolean).join(' · ');
  };
  return (
    <Dialog title={t('chat.receipts')} onClose={onClose}>
      {!data && (error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows rows={4} />)}
      {data && (
        <>
          <SegmentedControl
            fullWidth
            value={tab}
            onChange={(value) => setTab(value as Tab)}
            data={tabs.map((value) => ({
              value,
              label: t(`chat.tab.${value}`, { count: data.filter(belongs[value]).length }),
            }))}
          />
          <PeopleRows people={data.filter(belongs[tab])} personOf={(row) => row.person} line={line} />
        </>
      )}
    </Dialog>
  );
}
