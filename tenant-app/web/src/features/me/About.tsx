import { Button } from '@mantine/core';
import { useMe } from '../../app/session';
import { type Key, useLanguage } from '../../i18n';
import { Icon } from '../../ui/Icon';
import panel from '../../ui/Panel.module.css';
import classes from './MePage.module.css';

/** The release that this page came with. */
const pageRelease = () =>
  document.querySelector<HTMLMetaElement>('meta[name="atrium-release"]')?.content ?? '';

/** Pages of the server's own: what people agree to, and where they can take it back. */
const texts: [string, Key][] = [
  ['/auth/terms', 'about.terms'],
  ['/auth/privacy', 'about.policy'],
  ['/auth/consent', 'about.consent'],
];

export function About() {
  const { t, lang } = useLanguage();
  const me = useMe();
  return (
    <div className={panel.panel}>
      <div className={classes.profile}>
        <img src="/icons/icon.svg" alt="" width={64} height={64} />
        <div>
          <p className={classes.big}>{t('about.product')}</p>
          <p className={panel.hint}>{t('about.line')}</p>
        </div>
      </div>
      <dl className={classes.facts}>
        <dt>{t('about.company')}</dt>
        <dd>{me.company}</dd>
        <dt>{t('about.version')}</dt>
        <dd>{pageRelease()}</dd>
        {me.release !== pageRelease() && (
          <>
            <dt>{t('about.serverVersion')}</dt>
            <dd>{me.release}</dd>
          </>
        )}
        <dt>{t('about.timezone')}</dt>
        <dd>{me.timezone}</dd>
      </dl>
      <ul className={panel.rows}>
        {texts.map(([path, name]) => (
          <li key={path} className={panel.row}>
            <a href={`${path}?lang=${lang}`} className={classes.text}>
              {t(name)}
              <Icon name="right" size={14} />
            </a>
          </li>
        ))}
      </ul>
      <div>
        <Button
          variant="default"
          leftSection={<Icon name="refresh" size={16} />}
          onClick={() => location.reload()}
        >
          {t('action.reload')}
        </Button>
      </div>
    </div>
  );
}
