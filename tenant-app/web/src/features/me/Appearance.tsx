import { SegmentedControl, useMantineColorScheme } from '@mantine/core';
import '@mantine/core/styles/SegmentedControl.layer.css';
import '@mantine/core/styles/FloatingIndicator.layer.css';
import { useMutation } from '@tanstack/react-query';
import { api, take } from '../../api/client';
import { type Lang, useLanguage } from '../../i18n';
import panel from '../../ui/Panel.module.css';
import classes from './MePage.module.css';

export function Appearance() {
  const { t, lang, setLang } = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  // The device changes at once; the profile, which decides for new devices, follows.
  const keep = useMutation({
    mutationFn: (locale: Lang) => take(api.PATCH('/api/v1/me', { body: { locale } })),
  });
  return (
    <div className={panel.panel}>
      <section className={classes.block}>
        <h2 id="scheme">{t('me.scheme')}</h2>
        <SegmentedControl
          aria-labelledby="scheme"
          className={classes.narrow ?? ''}
          value={colorScheme}
          onChange={(value) => setColorScheme(value as typeof colorScheme)}
          data={[
            { value: 'light', label: t('me.light') },
            { value: 'dark', label: t('me.dark') },
            { value: 'auto', label: t('me.auto') },
          ]}
        />
        <p className={panel.hint}>{t('me.schemeHint')}</p>
      </section>
      <section className={classes.block}>
        <h2 id="lang">{t('me.language')}</h2>
        <SegmentedControl
          aria-labelledby="lang"
          className={classes.narrow ?? ''}
          value={lang}
          onChange={(value) => {
            setLang(value as Lang);
            keep.mutate(value as Lang);
          }}
          data={[
            { value: 'zh-CN', label: t('lang.zh') },
            { value: 'en', label: t('lang.en') },
          ]}
        />
      </section>
    </div>
  );
}
