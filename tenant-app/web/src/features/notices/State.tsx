// Whether a way works, as the server last saw it.
import { useMe } from '../../app/session';
import { type Key, useLanguage } from '../../i18n';
import { formatTime } from '../../i18n/format';
import classes from './Notices.module.css';
import type { Channel } from './queries';

export function State({ channel }: { channel: Channel }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const when = (at: string) => formatTime(lang, at, timezone);
  if (channel.failedAt) {
    return (
      <span className={classes.state} data-tone="bad">
        {t('notices.failed', { at: when(channel.failedAt) })}
        {channel.failedWhy && ` ${t(`notices.why.${channel.failedWhy}` as Key)}`}
      </span>
    );
  }
  if (channel.testedAt)
    return (
      <span className={classes.state} data-tone="good">
        {t('notices.tested', { at: when(channel.testedAt) })}
      </span>
    );
  return <span className={classes.state}>{t(channel.address ? 'notices.untested' : 'notices.notSet')}</span>;
}
