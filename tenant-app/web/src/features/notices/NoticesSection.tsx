// 我 › 通知: how this person is called while the page is closed: by this browser, by mail, by a messenger; and when not.
import { useQuery } from '@tanstack/react-query';
import { type Key, useT } from '../../i18n';
import panel from '../../ui/Panel.module.css';
import { Failed, SkeletonRows } from '../../ui/states';
import { ChannelRow } from './ChannelRow';
import classes from './Notices.module.css';
import { QuietHours } from './QuietHours';
import { channelsQuery } from './queries';
import { ThisBrowser } from './ThisBrowser';

export default function NoticesSection() {
  const t = useT();
  const { data, error, refetch } = useQuery(channelsQuery);
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows rows={5} />;
  const push = data.items.find((c) => c.kind === 'push');
  const others = data.items.filter((c) => c.kind !== 'push');
  const open = others.filter((c) => c.open);
  const closed = others.filter((c) => !c.open).map((c) => t(`notices.kind.${c.kind}` as Key));
  return (
    <div className={panel.panel}>
      <p className={panel.hint}>{t('notices.hint')}</p>
      <section className={classes.block}>
        <h2>{t('notices.browser')}</h2>
        {push && <ThisBrowser channel={push} pushKey={data.pushKey} />}
      </section>
      <section className={classes.block}>
        <h2>{t('notices.others')}</h2>
        {open.length > 0 && (
          <ul className={panel.rows}>
            {open.map((channel) => (
              <ChannelRow key={channel.kind} channel={channel} />
            ))}
          </ul>
        )}
        {closed.length > 0 && (
          <p className={panel.hint}>{t('notices.closed', { kinds: closed.join(t('notices.comma')) })}</p>
        )}
        <p className={panel.hint}>{t('notices.order')}</p>
      </section>
      <QuietHours key={data.quietFrom + data.quietTo} from={data.quietFrom} to={data.quietTo} />
    </div>
  );
}
