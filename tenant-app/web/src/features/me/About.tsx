import { Button } from '@mantine/core';
import { useMe } from '../../app/session';
import { useT } from '../../i18n';
import { Icon } from '../../ui/Icon';
import panel from '../../ui/Panel.module.css';
import classes from './MePage.module.css';

/** The release that this page came with. */
const pageRelease = () =>
  document.querySelector<HTMLMetaElement>('meta[name="atrium-release"]')?.content ?? '';

export function About() {
  const t = useT();
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
