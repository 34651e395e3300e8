// 管理 › 通知: the company's mail server and its gates to messengers and SMS. What is secret is written, never read.
import { useQuery } from '@tanstack/react-query';
import { useT } from '../../i18n';
import panel from '../../ui/Panel.module.css';
import { Failed, SkeletonRows } from '../../ui/states';
import { HookForm } from './HookForm';
import { MailForm } from './MailForm';
import { sendersQuery } from './queries';

const gates = ['wecom', 'dingtalk', 'feishu', 'sms'] as const;

export default function SendersSection() {
  const t = useT();
  const { data, error, refetch } = useQuery(sendersQuery);
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows rows={5} />;
  return (
    <div className={panel.panel}>
      <p className={panel.hint}>{t('senders.hint')}</p>
      <MailForm kept={data} />
      <p className={panel.hint}>{t('senders.gates')}</p>
      {gates.map((kind) => (
        <HookForm key={kind} kind={kind} kept={data} />
      ))}
    </div>
  );
}
